"""ResNet-20 for small images (He et al., CVPR 2016, section 4.2).

Imports torch only: exports carry a copy of this file.

Shapes: B batch, C channels, H height, W width, K classes.
"""

from torch import Tensor, nn


class BasicBlock(nn.Module):
    """Add two 3x3 convolutions to their own input.

    Where the shape changes, the shortcut is a 1x1 convolution with batch-norm (the paper's option B): unlike the
    parameter-free shortcut it is an ordinary layer, which exporters and channel pruning can follow.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or in_channels != out_channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Return relu(shortcut + residual)."""
        residual_BCHW = self.relu(self.bn1(self.conv1(x_BCHW)))
        residual_BCHW = self.bn2(self.conv2(residual_BCHW))
        out_BCHW: Tensor = self.relu(residual_BCHW + self.downsample(x_BCHW))
        return out_BCHW


class ResNetCifar(nn.Module):
    """Classify small RGB images: a 3x3 stem, three stages of basic blocks, global average pool, one linear layer.

    Args:
        num_blocks: basic blocks of each stage; the depth is 6 * num_blocks + 2.
        num_classes: outputs of the linear layer.
    """

    def __init__(self, *, num_blocks: int, num_classes: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = _stage(16, 16, num_blocks, stride=1)
        self.layer2 = _stage(16, 32, num_blocks, stride=2)
        self.layer3 = _stage(32, 64, num_blocks, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x_BCHW: Tensor) -> Tensor:
        """Return the logits, shape (B, K), of normalised images; H and W of 4 px or more."""
        x_BCHW = self.relu(self.bn1(self.conv1(x_BCHW)))
        x_BCHW = self.layer3(self.layer2(self.layer1(x_BCHW)))
        logits_BK: Tensor = self.fc(self.avgpool(x_BCHW).flatten(1))
        return logits_BK


def resnet20(num_classes: int) -> ResNetCifar:
    """Build ResNet-20 (16, 32, 64 channels) with fresh weights from torch's global generator."""
    return ResNetCifar(num_blocks=3, num_classes=num_classes)


def _stage(in_channels: int, out_channels: int, num_blocks: int, *, stride: int) -> nn.Sequential:
    first = BasicBlock(in_channels, out_channels, stride=stride)
    return nn.Sequential(first, *(BasicBlock(out_channels, out_channels) for _ in range(num_blocks - 1)))
