"""Initial scores of small networks, and what each stage trains."""

from tests.conformance.cases import DTYPES, Case, Precision
from tests.conformance.networks import drop_convolution_biases, initial_tensors, load_initial, network_of_spec
from tests.conformance.report import Report, worst_difference, worst_of
from tests.conformance.units.states import SEARCH, TUNE, state_around
from vpns_engine.nn.sparse import SparseNetwork
from vpns_engine.training.state import TrainState


def replay(case: Case, precision: Precision, report: Report) -> None:
    """Wrap the network and compare layers, scores, tensors and what is trained."""
    settings, expected = case.settings, case.arrays("expected")
    plain = network_of_spec(settings["spec"])
    load_initial(plain, initial_tensors(case.inputs))
    whole = set(plain.state_dict())
    if settings["network_arg"] == "vgg":
        drop_convolution_biases(plain)
    report.add("tensors lost by wrapping", len((whole - set(plain.state_dict())) ^ set(settings["dropped"])), 0)
    network = SparseNetwork(plain.to(DTYPES[precision]))
    layers = [(layer.name, list(layer.shape), layer.numel) for layer in network.layers]
    report.equal("scored layers", repr(layers), repr([(e["name"], e["shape"], e["numel"]) for e in settings["layers"]]))
    report.equal("scored weights", network.num_scored, settings["total"])
    gaps = [
        worst_difference(score.numpy(), expected[f"{precision}.score.{layer.name}"])
        for layer, score in zip(network.layers, network.scores, strict=True)
    ]
    report.add("scores", worst_of(gaps), 0 if precision == "f32" else 1e-9)
    scored = {f"{layer.name}.popup_scores" for layer in network.layers}
    names = set(network.plain_state(masked=False)) | scored
    report.add("tensors of the network", len(names ^ set(settings["tensors_after_wrapping"])), 0)
    _compare_trained(network, settings["requires_grad"], report)


def _compare_trained(network: SparseNetwork, recorded: dict[str, dict[str, bool]], report: Report) -> None:
    state = state_around(network)
    tuned = {name for name, trained in recorded["finetune"].items() if trained}
    # stage 1 leaves batch-norm open to gradients in the record, but no optimizer holds it
    norms = {name.removesuffix(".running_mean") for name in network.plain_state(masked=False) if name.endswith("running_mean")}
    searched = {n for n, trained in recorded["prune"].items() if trained and n.rsplit(".", 1)[0] not in norms}
    state.prepare(SEARCH)
    report.add("what the search trains", len(_trained(state) ^ searched), 0)
    state.prepare(TUNE)
    report.add("what the tuning trains", len(_trained(state) ^ tuned), 0)


def _trained(state: TrainState) -> set[str]:
    """Name the tensors in the optimizers, the prompt's aside."""
    names = {id(parameter): name for name, parameter in state.network.network.named_parameters()}
    for item in state.network.scored:
        names |= {id(item.weight): item.entry, id(item.score): f"{item.name}.popup_scores"}
    groups = (optimizer.param_groups for group, optimizer in state.optimizers.items() if group != "prompt")
    return {names[id(tensor)] for part in groups for group in part for tensor in group["params"]}
