"""Layers that stand together, by their names."""

import pytest

from vpns_gui.models.blocks import block_of, blocks_of


@pytest.mark.parametrize(
    "layer,block",
    [
        ("conv1", "conv1"),
        ("layer1.0.conv2", "layer1.0"),
        ("layer2.0.downsample.0", "layer2.0"),
        ("features.28", "features"),
        ("classifier.6", "classifier"),
        ("features.1.0.block.1.fc1", "features.1.0"),
        ("encoder.layers.encoder_layer_3.self_attention", "encoder.layers.encoder_layer_3"),
        ("encoder.layers.encoder_layer_3.mlp.0", "encoder.layers.encoder_layer_3"),
        ("features.denseblock1.denselayer2.conv1", "features.denseblock1.denselayer2"),
        ("inception3a.branch2.0.conv", "inception3a"),
        ("Mixed_5b.branch5x5_1.conv", "Mixed_5b"),
        ("stage2.0.branch1.0", "stage2.0"),
        ("trunk_output.block1.block1-0.f.a.0", "trunk_output.block1.block1-0"),
        ("features.3.squeeze", "features.3"),
        ("heads.head", "heads"),
        ("features.5.3.attn.qkv", "features.5.3"),
    ],
)
def test_that_a_block_is_read_from_the_name(layer, block):
    assert block_of(layer) == block


def test_that_neighbours_come_together_in_the_networks_order():
    found = blocks_of(["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.1.conv1", "fc"])
    assert [(block.name, block.first, block.count) for block in found] == [
        ("conv1", 0, 1), ("layer1.0", 1, 2), ("layer1.1", 3, 1), ("fc", 4, 1),
    ]  # fmt: skip
    assert blocks_of([]) == ()
