"""Fitting the confidence model to a library: questions with known answers, the fit, and its file."""

from cbvir_core.calibration.calibrate import (
    CALIBRATION_QUESTIONS,
    CalibrationProgress,
    CalibrationResult,
    calibrate,
    fit_model,
)
from cbvir_core.calibration.file import CalibrationFile
from cbvir_core.calibration.known_frames import KnownFrame, KnownFrames
from cbvir_core.calibration.measures import ReliabilityBin, calibration_error, false_match_share
from cbvir_core.calibration.perturbations import PERTURBATIONS, Perturbation
from cbvir_core.calibration.questions import CalibrationQuestions, LabelledEvidence

__all__ = [
    "CALIBRATION_QUESTIONS",
    "PERTURBATIONS",
    "CalibrationFile",
    "CalibrationProgress",
    "CalibrationQuestions",
    "CalibrationResult",
    "KnownFrame",
    "KnownFrames",
    "LabelledEvidence",
    "Perturbation",
    "ReliabilityBin",
    "calibrate",
    "calibration_error",
    "false_match_share",
    "fit_model",
]
