import { render } from "preact";
import { startLive } from "./api/live";
import { App } from "./app";
import { takePastes } from "./ask/files";
import { followAddress } from "./model/route";
import "./styles/all.css";
import { choose, language } from "./texts/texts";

choose(language.value);
followAddress();
takePastes();
render(<App />, document.getElementById("page")!);
startLive();
