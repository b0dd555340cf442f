"""Everything that cbvir raises on purpose.

::

    CbvirError
    ├── InputError                bad_input         the file or picture is at fault
    │   ├── NotAPicture           not_a_picture
    │   ├── NotAVideo             not_a_video
    │   ├── DamagedVideo          damaged_video
    │   ├── FileUnreadable        file_unreadable   (retry)
    │   ├── FileChanged           file_changed      (retry)
    │   └── TooLarge              too_large
    ├── DecodeError               decode_failed     the decoder is at fault
    │   ├── DecodeCrashed         decode_crashed    (retry)
    │   ├── DecodeTimeout         decode_timeout    (retry)
    │   └── DecodeMemory          decode_memory     (retry)
    ├── ModelError                model
    │   ├── WeightsMissing        weights_missing
    │   ├── WeightsDamaged        weights_damaged
    │   ├── WeightsMismatch       weights_mismatch
    │   └── DownloadFailed        download_failed   (retry)
    ├── StoreError                store
    │   ├── DiskFull              disk_full         (retry)
    │   ├── StoreBusy             store_busy
    │   ├── StoreDamaged          store_damaged
    │   └── StoreVersion          store_version
    ├── UnknownVideo              unknown_video
    ├── VideoOffline              offline           (retry)
    ├── VideoBusy                 busy              (retry)
    ├── ServiceBusy               overloaded        (retry)
    ├── CalibrationBusy           calibrating       (retry)
    ├── ComparisonBusy            comparing         (retry)
    ├── TaskBusy                  task_busy         (retry)
    ├── TaskStopped               stopped
    ├── VideoForgotten            forgotten
    ├── BadRequest                bad_request
    ├── NoPage                    no_page
    ├── NotAllowed                not_allowed
    ├── PackageMissing            package_missing
    ├── FileExists                file_exists
    ├── ServiceStopping           stopping          (retry)
    └── ConfigError               bad_config

A message says what happened, to which file, and what to do.  `code` is stable and public; `retry`
says whether the same call may succeed later without anybody changing anything by hand.

Exceptions that only steer the flow inside one package (a build that is broken off, a limit that another
way gets around) are no part of this tree and never reach a caller.
"""

from __future__ import annotations

from collections.abc import Mapping

from cbvir_core.errors.packages import TORCH_MISSING as TORCH_MISSING
from cbvir_core.errors.packages import PackageMissing as PackageMissing
from cbvir_core.errors.packages import has_torch as has_torch
from cbvir_core.errors.packages import needs_torch as needs_torch
from cbvir_core.errors.root import CbvirError as CbvirError


class InputError(CbvirError):
    """The file or picture that was handed in is at fault."""

    code = "bad_input"


class NotAPicture(InputError):
    """The bytes are no picture that can be read."""

    code = "not_a_picture"


class NotAVideo(InputError):
    """The file holds no video stream that can be decoded."""

    code = "not_a_video"


class DamagedVideo(InputError):
    """The file claims to be a video but no frame of it can be decoded."""

    code = "damaged_video"


class FileUnreadable(InputError):
    """The file is gone or may not be read."""

    code = "file_unreadable"
    retry = True


class FileChanged(InputError):
    """The file changed while it was being read."""

    code = "file_changed"
    retry = True


class TooLarge(InputError):
    """What was sent is larger than the service takes."""

    code = "too_large"


class DecodeError(CbvirError):
    """The decoder failed on a file."""

    code = "decode_failed"


class DecodeCrashed(DecodeError):
    """The decoding process died."""

    code = "decode_crashed"
    retry = True


class DecodeTimeout(DecodeError):
    """The decoding process gave no sign of life for too long."""

    code = "decode_timeout"
    retry = True


class DecodeMemory(DecodeError):
    """The decoding process wanted more memory than it may have."""

    code = "decode_memory"
    retry = True


class ModelError(CbvirError):
    """Something is wrong with network weights."""

    code = "model"


class WeightsMissing(ModelError):
    """A weight file that a profile needs is not there."""

    code = "weights_missing"


class WeightsDamaged(ModelError):
    """A weight file is cut short, has a wrong hash, or is no weight file at all."""

    code = "weights_damaged"


class WeightsMismatch(ModelError):
    """A weight file belongs to another architecture."""

    code = "weights_mismatch"


class DownloadFailed(ModelError):
    """A weight file could not be fetched; what came is kept, and the next try goes on from it."""

    code = "download_failed"
    retry = True


class StoreError(CbvirError):
    """The store cannot do what was asked."""

    code = "store"


class DiskFull(StoreError):
    """No room is left for the store or for a file beside it; what was committed is safe."""

    code = "disk_full"
    retry = True


class StoreBusy(StoreError):
    """Another process writes to this store."""

    code = "store_busy"


class StoreDamaged(StoreError):
    """The store on disk cannot be read."""

    code = "store_damaged"


class StoreVersion(StoreError):
    """The store was written by a release that this one does not understand."""

    code = "store_version"


class UnknownVideo(CbvirError):
    """No video, or more than one, goes by that path or id."""

    code = "unknown_video"


class VideoOffline(CbvirError):
    """The file of the video is not there: deleted, or on a disk that is away."""

    code = "offline"
    retry = True


class VideoBusy(CbvirError):
    """The video is being read or written at this moment."""

    code = "busy"
    retry = True


class ServiceBusy(CbvirError):
    """Too many requests of one kind wait already."""

    code = "overloaded"
    retry = True


class CalibrationBusy(CbvirError):
    """A calibration of the library runs already."""

    code = "calibrating"
    retry = True


class ComparisonBusy(CbvirError):
    """A comparison of the library with itself runs already."""

    code = "comparing"
    retry = True


class TaskBusy(CbvirError):
    """Work of this kind, of which one runs at a time, runs already."""

    code = "task_busy"
    retry = True


class TaskStopped(CbvirError):
    """Somebody ended the work before it was done."""

    code = "stopped"


class VideoForgotten(CbvirError):
    """Somebody had the file forgotten: it exists, but only a retry on request takes it in again."""

    code = "forgotten"


class BadRequest(CbvirError):
    """The request itself cannot be right."""

    code = "bad_request"


class NoPage(CbvirError):
    """The service serves no page: the configuration names no address for it."""

    code = "no_page"


class NotAllowed(CbvirError):
    """The client may not do this."""

    code = "not_allowed"


class FileExists(CbvirError):
    """A file of that name is there already, and stays."""

    code = "file_exists"


class ServiceStopping(CbvirError):
    """The service ends before the work does; nothing has changed."""

    code = "stopping"
    retry = True


class ConfigError(CbvirError):
    """The configuration cannot be used."""

    code = "bad_config"


ERROR_OF_CODE: Mapping[str, type[CbvirError]] = {
    kind.code: kind
    for kind in list(vars().values())
    if isinstance(kind, type) and issubclass(kind, CbvirError)
}
"""Every class by its code, for errors that come from another process."""
