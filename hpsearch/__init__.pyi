from . import figures as figures
from .config import ConfigError as ConfigError
from .config import StudyConfig as StudyConfig
from .config import load_config as load_config
from .data.checks import DataError as DataError
from .data.dataset import Dataset as Dataset
from .engine.settings import Hyperparameters as Hyperparameters
from .estimator import ShallowNetworkClassifier as ShallowNetworkClassifier
from .estimator import ShallowNetworkRegressor as ShallowNetworkRegressor
from .evaluation.trained import TrainedNetwork as TrainedNetwork
from .experiments.function import survey as survey
from .experiments.trainings import survey_study as survey_study
from .results.comparison import compare as compare
from .results.rounds import search_rounds as search_rounds
from .results.study import Results as Results
from .results.study import load as load
from .results.surrogates import importance as importance
from .sensitivity.analysis import Survey as Survey
from .space import Choice as Choice
from .space import Float as Float
from .space import Int as Int
from .space import Space as Space
from .tuning.objective import Objective as Objective
from .tuning.search import search as search

__version__: str
