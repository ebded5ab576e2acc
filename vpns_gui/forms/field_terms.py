"""Which of the field's terms a setting is about: its tooltip explains it, and F1 on it opens the list of terms there."""

_BY_PLACE = {
    "model.architecture": "architecture",
    "model.weights": "pre-trained weights",
    "model.weights_file": "state dict",
    "data.dataset": "target class",
    "data.batch_size": "batch",
    "data.micro_batch": "micro-batch",
    "data.protocol": "held-out images",
    "data.validation_share": "held-out images",
    "data.test_share": "held-out images",
    "data.flip": "augmentation",
    "mask.sparsities": "sparsity",
    "prompt.kind": "visual prompt",
    "prompt.canvas": "canvas",
    "prompt.pad": "visual prompt",
    "prompt.square": "visual prompt",
    "prompt.rank": "low-rank prompt",
    "method": "pruning",
    "search_epochs": "search",
    "finetune_epochs": "fine-tuning",
    "seed": "seed",
    "mapping.kind": "label mapping",
    "dense": "dense reference",
    "precision": "mixed precision",
    "channels_last": "channels last",
    "start_from": "rewinding",
}
_BY_NAME = {
    "kind": "optimizer",
    "lr": "learning rate",
    "momentum": "momentum",
    "weight_decay": "weight decay",
    "schedule": "schedule",
}


def term_of(location: str) -> str:
    """Name the term a setting is about; empty where its own words are enough."""
    if location in _BY_PLACE:
        return _BY_PLACE[location]
    return _BY_NAME.get(location.rpartition(".")[2], "") if location.startswith("optim.") else ""
