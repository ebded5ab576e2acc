"""The field's terms in plain words, each with its source."""

from dataclasses import dataclass
from html import escape

TERM = "term"
"""The property of a widget that names the term it is about: F1 on it, or on a part of it, opens the list of terms there."""


@dataclass(frozen=True)
class Term:
    """One term of the field."""

    words: str
    """What it is, in a plain sentence."""
    source: str
    """Where it is defined or was introduced."""
    url: str


def _arxiv(number: str) -> str:
    return f"https://arxiv.org/abs/{number}"


_PYTORCH = "https://docs.pytorch.org/docs/stable/generated"
_WIKIPEDIA = "https://en.wikipedia.org/wiki"
_VPNS = ("Jin et al., AAAI 2025", _arxiv("2312.01397"))
_ILM = ("Chen et al., CVPR 2023", _arxiv("2211.11635"))
_SURVEY = ("Hoefler et al., JMLR 2021", _arxiv("2102.00554"))

TERMS: dict[str, Term] = {
    # what is learned
    "visual prompt": Term(
        "A pattern of values that is added to every image before the network sees it, and learned so that the network does "
        "a new task better.",
        "Bahng et al., 2022",
        _arxiv("2203.17274"),
    ),
    "canvas": Term(
        "The square that the network gets: the image is laid in it, and the prompt is added within its border or everywhere.",
        *_ILM,
    ),
    "clamp": Term(
        "Values below 0 or above 255 are cut off, because no picture can hold them; there the prompt has no further effect.",
        "PyTorch, torch.clamp",
        f"{_PYTORCH}/torch.clamp.html",
    ),
    "normalisation": Term(
        "Each colour channel has the mean of the pre-training images taken off and is divided by their standard deviation.",
        "torchvision, Normalize",
        "https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.Normalize.html",
    ),
    "low-rank prompt": Term(
        "A prompt made of few patterns for rows and columns: far fewer values are learned than it has pixels.",
        "Jin et al., ICLR 2025",
        _arxiv("2502.00896"),
    ),
    "spectrum": Term(
        "How much of a picture changes slowly (the middle) and how much finely (far from it), by a two-dimensional Fourier "
        "transform.",
        "NumPy, numpy.fft.fft2",
        "https://numpy.org/doc/stable/reference/generated/numpy.fft.fft2.html",
    ),
    "L2 norm": Term(
        "The root of the sum of all squared values: one number for how large a prompt is.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Norm_(mathematics)",
    ),
    "L∞ norm": Term(
        "The largest absolute value: how far any pixel is changed at most.", "Wikipedia", f"{_WIKIPEDIA}/Norm_(mathematics)"
    ),
    "cosine similarity": Term(
        "How much two prompts point the same way: 1 is the same pattern, 0 is nothing in common, -1 is the opposite.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Cosine_similarity",
    ),
    # masks
    "mask": Term("Which weights stay: a yes or no for each. A weight that is not kept counts as zero.", *_SURVEY),
    "density": Term("The share of the weights that is kept: 100 % is the whole network.", *_SURVEY),
    "sparsity": Term("The share of the weights that is removed: 90 % leaves one weight in ten.", *_SURVEY),
    "pruning": Term("Removing weights that a network can do without.", *_SURVEY),
    "unstructured pruning": Term(
        "Single weights are removed wherever they are. The file can shrink, but ordinary kernels still multiply by the zeros, "
        "so it is not faster by itself.",
        *_SURVEY,
    ),
    "score": Term(
        "A number for each weight, learned during the search: the weights with the largest scores are kept.",
        "Ramanujan et al., CVPR 2020",
        _arxiv("1911.13299"),
    ),
    "threshold": Term(
        "The score from which on a weight is kept; it follows from the density asked for.",
        "Ramanujan et al., CVPR 2020",
        _arxiv("1911.13299"),
    ),
    "straight-through estimator": Term(
        "The mask is a yes or no, which has no slope to learn from; the score is given the slope of the masked weight instead.",
        "Bengio et al., 2013",
        _arxiv("1308.3432"),
    ),
    "flips": Term("Weights whose place in the mask changed from one epoch to the next: newly kept, or newly removed.", *_VPNS),
    "dead channel": Term("An output of a layer all of whose weights were removed: it says the same for every image.", *_SURVEY),
    "intersection over union": Term(
        "Of the weights that one or the other mask keeps, the share that both keep: 100 % means the same mask.",
        "Wikipedia, Jaccard index",
        f"{_WIKIPEDIA}/Jaccard_index",
    ),
    "overlap by chance": Term(
        "What two masks of these densities would share if each layer's weights were drawn at random, independently.",
        "Wikipedia, Hypergeometric distribution",
        f"{_WIKIPEDIA}/Hypergeometric_distribution",
    ),
    # methods
    "VPNs": Term("Mask and prompt are searched for together, then weights and prompt are tuned.", *_VPNS),
    "OMP": Term(
        "One-shot magnitude pruning: the smallest weights are removed at once, then the rest is tuned.",
        "Han et al., NeurIPS 2015",
        _arxiv("1506.02626"),
    ),
    "random pruning": Term("Weights are removed by lot: what any better method has to beat.", *_SURVEY),
    "dense reference": Term("The whole network, nothing removed, on the same task: what pruning is compared with.", *_SURVEY),
    "control arm": Term("The same run without a prompt: the difference is what the prompt gives.", *_VPNS),
    "search": Term("The phase that learns which weights to keep; the weights themselves stay as they are.", *_VPNS),
    "fine-tuning": Term("The phase after the search: the weights that were kept are trained further.", *_VPNS),
    "rewinding": Term(
        "Setting the weights back to what they were before the search, or at an earlier epoch.",
        "Renda et al., ICLR 2020",
        _arxiv("2003.02389"),
    ),
    # classes
    "label mapping": Term(
        "Which class of the pre-trained network stands for which class of the new task; "
        "the network's last layer stays as it is.",
        *_ILM,
    ),
    "iterative label mapping": Term("The label mapping is made anew before each epoch, as the prompt changes.", *_ILM),
    "source class": Term("A class that the network was pre-trained to tell apart.", *_ILM),
    "target class": Term("A class of the new task.", *_ILM),
    "confidence": Term(
        "The share of one that the network gives a class, by a softmax over the target classes. It is no "
        "chance of being right.",
        "Guo et al., ICML 2017",
        _arxiv("1706.04599"),
    ),
    "softmax": Term("Turns a network's outputs into shares of one.", "PyTorch, Softmax", f"{_PYTORCH}/torch.nn.Softmax.html"),
    "logits": Term(
        "A network's outputs, one number a class, before they are turned into shares of one.",
        "PyTorch, Softmax",
        f"{_PYTORCH}/torch.nn.Softmax.html",
    ),
    "confusion matrix": Term(
        "For each true class, how many of its images were taken for which class.", "Wikipedia", f"{_WIKIPEDIA}/Confusion_matrix"
    ),
    "accuracy": Term(
        "The share of the images whose most likely class is the right one.", "Wikipedia", f"{_WIKIPEDIA}/Accuracy_and_precision"
    ),
    # training
    "architecture": Term(
        "How a network is built: which layers, in which order.",
        "torchvision, models",
        "https://docs.pytorch.org/vision/stable/models.html",
    ),
    "pre-trained weights": Term(
        "Weights of a network that has learned another task, most often ImageNet's 1,000 classes.",
        "torchvision, models",
        "https://docs.pytorch.org/vision/stable/models.html",
    ),
    "batch": Term(
        "The images that one step of training looks at together.", "Wikipedia", f"{_WIKIPEDIA}/Stochastic_gradient_descent"
    ),
    "micro-batch": Term(
        "A part of a batch that goes through the network at once, to save memory; the step is the same.",
        "PyTorch, gradient accumulation",
        "https://docs.pytorch.org/docs/stable/notes/amp_examples.html",
    ),
    "held-out images": Term(
        "Images that training never sees. Some choose the best epoch (validation), others are looked "
        "at once, at the end (test).",
        "Wikipedia",
        f"{_WIKIPEDIA}/Training,_validation,_and_test_data_sets",
    ),
    "augmentation": Term(
        "Changing training images a little by chance, so that there seem to be more of them.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Data_augmentation",
    ),
    "mixed precision": Term(
        "Numbers of 16 bits where that is enough: less time and memory, slightly other results.",
        "Micikevicius et al., ICLR 2018",
        _arxiv("1710.03740"),
    ),
    "channels last": Term(
        "The colours of a pixel lie side by side in memory, which some processors go through faster.",
        "PyTorch, memory format",
        "https://docs.pytorch.org/tutorials/intermediate/memory_format_tutorial.html",
    ),
    "epoch": Term("Once through all training images.", "Wikipedia", f"{_WIKIPEDIA}/Stochastic_gradient_descent"),
    "seed": Term(
        "A number that all chance in a run comes from: the same seed gives the same run.",
        "PyTorch, Reproducibility",
        "https://docs.pytorch.org/docs/stable/notes/randomness.html",
    ),
    "learning rate": Term("How far one step of training goes.", "Wikipedia", f"{_WIKIPEDIA}/Learning_rate"),
    "loss": Term(
        "What training makes smaller: how far the shares given to the classes are from the truth.",
        "PyTorch, CrossEntropyLoss",
        f"{_PYTORCH}/torch.nn.CrossEntropyLoss.html",
    ),
    "momentum": Term(
        "Each step goes on a little in the direction of those before it.", "PyTorch, SGD", f"{_PYTORCH}/torch.optim.SGD.html"
    ),
    "weight decay": Term(
        "Every step also draws the weights a little towards zero.", "PyTorch, SGD", f"{_PYTORCH}/torch.optim.SGD.html"
    ),
    "optimizer": Term(
        "The rule that turns slopes into steps, for example SGD or Adam.",
        "PyTorch, torch.optim",
        "https://docs.pytorch.org/docs/stable/optim.html",
    ),
    "schedule": Term(
        "How the learning rate falls over a phase, for example along a cosine.",
        "Loshchilov and Hutter, ICLR 2017",
        _arxiv("1608.03983"),
    ),
    "batch normalization": Term(
        "A layer that keeps the mean and spread of what flows through it; its statistics are part of a saved state.",
        "Ioffe and Szegedy, ICML 2015",
        _arxiv("1502.03167"),
    ),
    # taking away
    "state dict": Term(
        "All weights of a network by name, as PyTorch saves them.",
        "PyTorch, saving and loading",
        "https://docs.pytorch.org/tutorials/beginner/saving_loading_models.html",
    ),
    "safetensors": Term(
        "A file format for weights that cannot carry programs.", "safetensors", "https://huggingface.co/docs/safetensors"
    ),
    "ONNX": Term("A file format for whole networks that many programs can run.", "ONNX", "https://onnx.ai"),
    "model card": Term(
        "A page that says what a network is, was trained on, and is good for.",
        "Mitchell et al., FAT* 2019",
        _arxiv("1810.03993"),
    ),
    # figures
    "multiply-accumulates": Term(
        "Multiplications with an addition that one image costs; the usual measure of work.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Multiply–accumulate_operation",
    ),
    "latency": Term(
        "The time from giving the network a batch to having its answer.", "Wikipedia", f"{_WIKIPEDIA}/Latency_(engineering)"
    ),
    "throughput": Term("Images a second.", "Wikipedia", f"{_WIKIPEDIA}/Throughput"),
    "interquartile range": Term(
        "The middle half of the measured times lies within it: how much they spread.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Interquartile_range",
    ),
    "standard error": Term(
        "How far an accuracy is off by the choice of test images alone; differences below twice that are noise.",
        "Wikipedia",
        f"{_WIKIPEDIA}/Standard_error",
    ),
}
"""By the term as it is read; those of one subject stand together."""


def tip(term: str) -> str:
    """Explain a term for a tooltip: the plain sentence, the term in bold, its source with a link.

    Raises:
        KeyError: nobody has explained it yet.
    """
    found = TERMS[term]
    return (
        f"<p>{escape(found.words)}</p><p><b>{escape(term)}</b> · <a href='{escape(found.url)}'>{escape(found.source)}</a></p>"
    )
