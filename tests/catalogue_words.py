"""What a person reads for each architecture: its family and its label, in the order in which they are offered."""

FAMILIES: dict[str, dict[str, str]] = {
    "ResNet": {
        "resnet20": "ResNet-20 (bundled)",
        "resnet18": "ResNet-18",
        "resnet34": "ResNet-34",
        "resnet50": "ResNet-50",
        "resnet101": "ResNet-101",
        "resnet152": "ResNet-152",
    },
    "VGG": {
        "vgg11": "VGG-11",
        "vgg11_bn": "VGG-11-BN",
        "vgg13": "VGG-13",
        "vgg13_bn": "VGG-13-BN",
        "vgg16": "VGG-16",
        "vgg16_bn": "VGG-16-BN",
        "vgg19": "VGG-19",
        "vgg19_bn": "VGG-19-BN",
    },
    "AlexNet": {"alexnet": "AlexNet"},
    "ConvNeXt": {
        "convnext_tiny": "ConvNeXt Tiny",
        "convnext_small": "ConvNeXt Small",
        "convnext_base": "ConvNeXt Base",
        "convnext_large": "ConvNeXt Large",
    },
    "DenseNet": {
        "densenet121": "DenseNet-121",
        "densenet161": "DenseNet-161",
        "densenet169": "DenseNet-169",
        "densenet201": "DenseNet-201",
    },
    "EfficientNet": {f"efficientnet_b{number}": f"EfficientNet-B{number}" for number in range(8)}
    | {f"efficientnet_v2_{size}": f"EfficientNetV2-{size.upper()}" for size in "sml"},
    "Inception": {"googlenet": "GoogLeNet", "inception_v3": "Inception v3"},
    "MaxViT": {"maxvit_t": "MaxViT-T"},
    "MNASNet": {f"mnasnet{width.replace('.', '_')}": f"MNASNet {width}" for width in ("0.5", "0.75", "1.0", "1.3")},
    "MobileNet": {
        "mobilenet_v2": "MobileNetV2",
        "mobilenet_v3_small": "MobileNetV3 Small",
        "mobilenet_v3_large": "MobileNetV3 Large",
    },
    "RegNet": {
        f"regnet_{kind}_{size}": f"RegNet-{kind.upper()} {words}"
        for kind in "xy"
        for size, words in (
            ("400mf", "400MF"),
            ("800mf", "800MF"),
            ("1_6gf", "1.6GF"),
            ("3_2gf", "3.2GF"),
            ("8gf", "8GF"),
            ("16gf", "16GF"),
            ("32gf", "32GF"),
        )
    }
    | {"regnet_y_128gf": "RegNet-Y 128GF"},
    "ResNeXt": {
        "resnext50_32x4d": "ResNeXt-50 32x4d",
        "resnext101_32x8d": "ResNeXt-101 32x8d",
        "resnext101_64x4d": "ResNeXt-101 64x4d",
    },
    "ShuffleNet": {
        f"shufflenet_v2_x{width.replace('.', '_')}": f"ShuffleNetV2 x{width}" for width in ("0.5", "1.0", "1.5", "2.0")
    },
    "SqueezeNet": {"squeezenet1_0": "SqueezeNet 1.0", "squeezenet1_1": "SqueezeNet 1.1"},
    "Swin": {f"swin_{size}": f"Swin-{size.upper()}" for size in "tsb"}
    | {f"swin_v2_{size}": f"SwinV2-{size.upper()}" for size in "tsb"},
    "ViT": {
        "vit_b_16": "ViT-B/16",
        "vit_b_32": "ViT-B/32",
        "vit_l_16": "ViT-L/16",
        "vit_l_32": "ViT-L/32",
        "vit_h_14": "ViT-H/14",
    },
    "Wide ResNet": {"wide_resnet50_2": "Wide ResNet-50-2", "wide_resnet101_2": "Wide ResNet-101-2"},
}
"""Family -> name -> label. The paper's families come first."""


def words_of(name: str) -> tuple[str, str]:
    """Give family and label of an architecture."""
    return next((family, labels[name]) for family, labels in FAMILIES.items() if name in labels)


def place_of(name: str) -> int:
    """Give an architecture's place among all."""
    return [known for labels in FAMILIES.values() for known in labels].index(name)
