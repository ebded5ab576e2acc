"""Make the files of the offline demo again: the digits, and a ResNet-20 pre-trained on rendered letters.

    python resources/demo/make_demo.py [--fonts FOLDER] [--out FOLDER]

Needs this project installed, scikit-learn, scipy and pillow, and the DejaVu fonts (Debian: fonts-dejavu-core and
fonts-dejavu-extra). Five to ten minutes on one thread; seeded: the same versions on the same kind of CPU give the same
bytes.

Shapes: N images, G glyphs, H height, W width, K classes.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import PIL
import scipy
import sklearn
import torch
from PIL import Image, ImageDraw, ImageFont
from safetensors.torch import save
from scipy.ndimage import distance_transform_edt
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn import functional

from vpns_engine.nn.networks.resnet_cifar import ResNetCifar, resnet20

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt"
FONTS = (
    "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique", "DejaVuSans-ExtraLight",
    "DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansCondensed-Oblique", "DejaVuSansMono",
    "DejaVuSansMono-Bold", "DejaVuSansMono-Oblique", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic",
    "DejaVuSerifCondensed",
)  # fmt: skip
PART_SIZES = {0: 20, 1: 30, 2: 60}  # train, validation, test: images of each class
UNUSED_PART = 3
IMAGE_PX = 16
SCAN_PX = (8, 8, 8, 9, 10, 12)  # how coarse a letter is scanned; the digits are 8
GLYPH_PX = 64
GLYPH_HEIGHT_PX = 48
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the letters network."""

    num_train: int = 60_000
    num_test: int = 7_400
    epochs: int = 3
    batch_size: int = 128
    lr: float = 5e-3
    seed: int = 7


def main() -> None:
    """Write all files of the demo beside this script, or to --out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fonts", type=Path, default=Path("/usr/share/fonts/truetype/dejavu"))
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    write_digits(args.out)
    write_letters(args.out, args.fonts, Recipe())


def write_digits(out: Path) -> None:
    """Write digits.npz: images, labels, and the part (0 train, 1 validation, 2 test, 3 unused) of each."""
    digits = load_digits()
    images_NHW = np.round(digits.images * (255 / 16)).astype(np.uint8)
    labels_N = digits.target.astype(np.int64)
    part_N = split_by_class(labels_N, seed=Recipe.seed)
    np.savez_compressed(out / "digits.npz", images=images_NHW, labels=labels_N, part=part_N)
    print(f"digits.npz: {len(labels_N)} images; parts {np.bincount(part_N).tolist()}")


def split_by_class(labels_N: npt.NDArray[np.int64], *, seed: int) -> npt.NDArray[np.uint8]:
    """Draw the parts of PART_SIZES, the same number from each class; what is left is unused."""
    generator = np.random.default_rng(seed)
    part_N = np.full(len(labels_N), UNUSED_PART, np.uint8)
    for label in np.unique(labels_N):
        shuffled = generator.permutation(np.flatnonzero(labels_N == label))
        for part, size in PART_SIZES.items():
            part_N[shuffled[:size]] = part
            shuffled = shuffled[size:]
    return part_N


def write_letters(out: Path, fonts: Path, recipe: Recipe) -> None:
    """Render the letters, train the network, and write its weights, class names and report."""
    distance_GHW, width_G = draw_glyphs(fonts)
    generator = torch.Generator().manual_seed(recipe.seed)
    train = render(distance_GHW, width_G, recipe.num_train, generator)
    test = render(distance_GHW, width_G, recipe.num_test, generator)
    print(f"rendered {len(train[1])} + {len(test[1])} letters from {len(FONTS)} fonts")
    started = time.perf_counter()
    network = train_network(train, test, recipe)
    print(f"trained in {time.perf_counter() - started:.0f} s")
    report = {
        "classes": len(LETTERS), "train_images": len(train[1]), "held_out_images": len(test[1]),
        "held_out_accuracy": round(accuracy(network, *test), 4), "train_accuracy": round(accuracy(network, *train), 4),
        "epochs": recipe.epochs, "batch_size": recipe.batch_size, "optimizer": "Adam", "lr": recipe.lr,
        "seed": recipe.seed, "threads": 1,
        "fonts": list(FONTS),
        "versions": {
            "torch": torch.__version__, "numpy": np.__version__, "scipy": scipy.__version__,
            "pillow": PIL.__version__, "scikit-learn": sklearn.__version__,
        },
    }  # fmt: skip
    (out / "letters_resnet20.safetensors").write_bytes(save(network.state_dict()))
    (out / "letters_classes.json").write_text(json.dumps(list(LETTERS)) + "\n", encoding="utf-8")
    (out / "letters_report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"letters_resnet20.safetensors: held-out accuracy {report['held_out_accuracy']:.2%}")


def draw_glyphs(fonts: Path) -> tuple[Tensor, Tensor]:
    """Draw each letter in each font as a map of the distance to its edge.

    The glyph fills GLYPH_HEIGHT_PX of GLYPH_PX rows, as the digits fill their 8 rows. A distance, because moving its
    zero makes the stroke thicker or thinner.

    Returns:
        Distance in px, positive inside, shape (G, H, W), G = fonts x letters, letters fastest; half the stroke
        width in px, shape (G,).
    """
    distances, widths = [], []
    for name in FONTS:
        font = ImageFont.truetype(fonts / f"{name}.ttf", 160)
        for letter in LETTERS:
            inside_HW = np.asarray(draw_glyph(letter, font)) > 127
            distance_HW = distance_transform_edt(inside_HW) - distance_transform_edt(~inside_HW)
            distances.append(distance_HW - 0.5 * np.sign(distance_HW))
            widths.append(np.percentile(distance_HW[inside_HW], 90))
    return torch.tensor(np.stack(distances), dtype=torch.float32), torch.tensor(widths, dtype=torch.float32)


def draw_glyph(letter: str, font: ImageFont.FreeTypeFont) -> Image.Image:
    """Draw a letter white on black, cut to its bounding box and centred on a square of GLYPH_PX."""
    left, top, right, bottom = font.getbbox(letter)
    drawing = Image.new("L", (round(right - left), round(bottom - top)))
    ImageDraw.Draw(drawing).text((-left, -top), letter, fill=255, font=font)
    scale = GLYPH_HEIGHT_PX / max(drawing.size)
    size = max(4, round(drawing.width * scale)), round(drawing.height * scale)
    drawing = drawing.resize(size, Image.Resampling.BOX)
    glyph = Image.new("L", (GLYPH_PX, GLYPH_PX))
    glyph.paste(drawing, ((GLYPH_PX - drawing.width) // 2, (GLYPH_PX - drawing.height) // 2))
    return glyph


def render(distance_GHW: Tensor, width_G: Tensor, num_images: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Render letters as coarse scans, fonts and letters drawn evenly.

    Returns:
        Images, uint8, shape (N, IMAGE_PX, IMAGE_PX); labels, int64, shape (N,).
    """
    glyph_N = torch.randperm(num_images, generator=generator) % len(distance_GHW)
    images = []
    for i, chunk in enumerate(glyph_N.split(500)):
        warped_NHW = warp(distance_GHW[chunk], generator)
        ink_NHW = thicken(warped_NHW, width_G[chunk], generator)
        images.append(scan(ink_NHW, SCAN_PX[i % len(SCAN_PX)], generator))
    order_N = torch.randperm(num_images, generator=generator)
    return torch.cat(images)[order_N], (glyph_N % len(LETTERS))[order_N]


def warp(distance_NHW: Tensor, generator: torch.Generator) -> Tensor:
    """Turn, shear, stretch, shift and bend each glyph at random."""
    num_images = len(distance_NHW)

    def uniform(low: float, high: float) -> Tensor:
        return torch.empty(num_images).uniform_(low, high, generator=generator)

    angle_N, shear_N = uniform(-0.26, 0.26), uniform(-0.35, 0.35)
    zoom_y_N = uniform(0.72, 0.92)
    zoom_x_N = zoom_y_N * uniform(0.85, 1.35)
    affine_N23 = torch.stack(
        [
            zoom_x_N * angle_N.cos(), zoom_x_N * (shear_N - angle_N.sin()), uniform(-0.09, 0.09),
            zoom_y_N * angle_N.sin(), zoom_y_N * angle_N.cos(), uniform(-0.09, 0.09),
        ],
        dim=1,
    ).view(-1, 2, 3)  # fmt: skip
    size = (num_images, 1, GLYPH_PX, GLYPH_PX)
    grid_NHW2 = functional.affine_grid(affine_N23, list(size), align_corners=False)
    coarse_N2HW = torch.randn(num_images, 2, 4, 4, generator=generator) * uniform(0.0, 0.12).view(-1, 1, 1, 1)
    bend_N2HW = functional.interpolate(coarse_N2HW, size=(GLYPH_PX, GLYPH_PX), mode="bicubic", align_corners=True)
    grid_NHW2 = grid_NHW2 + bend_N2HW.permute(0, 2, 3, 1)
    return functional.grid_sample(distance_NHW[:, None], grid_NHW2, padding_mode="border", align_corners=False)[:, 0]


def thicken(distance_NHW: Tensor, width_N: Tensor, generator: torch.Generator) -> Tensor:
    """Turn distances into ink from 0 to 1, with a stroke width and a softness of the edge drawn at random."""
    target_N = torch.empty(len(width_N)).uniform_(2.0, 5.5, generator=generator)
    # a bold glyph made much thinner would lose its hairlines
    change_N = (target_N - width_N).clamp(min=-1.5)
    softness_N = torch.empty(len(width_N)).uniform_(1.0, 4.0, generator=generator)
    return (0.5 + (distance_NHW + change_N[:, None, None]) / softness_N[:, None, None]).clamp(0.0, 1.0)


def scan(ink_NHW: Tensor, scan_px: int, generator: torch.Generator) -> Tensor:
    """Reduce to scan_px, to 17 grey levels with a little noise, and enlarge as the demo enlarges the digits."""
    coarse_NHW = functional.adaptive_avg_pool2d(ink_NHW[:, None], scan_px)
    noise_NHW = torch.randn(coarse_NHW.shape, generator=generator) * 0.02
    coarse_NHW = ((coarse_NHW + noise_NHW).clamp(0.0, 1.0) * 16).round() / 16
    fine_NHW = functional.interpolate(coarse_NHW, size=(IMAGE_PX, IMAGE_PX), mode="bilinear", antialias=True)
    return (fine_NHW[:, 0] * 255).round().clamp(0, 255).to(torch.uint8)


def to_input(images_NHW: Tensor) -> Tensor:
    """Return grey uint8 images as normalised RGB, shape (N, 3, H, W)."""
    rgb = images_NHW[:, None].float().expand(-1, 3, -1, -1) / 255
    return (rgb - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1)


def train_network(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], recipe: Recipe) -> ResNetCifar:
    """Train ResNet-20 on the letters: Adam, cosine to 0 with every step."""
    torch.manual_seed(recipe.seed)
    images_NHW, labels_N = train
    network = resnet20(len(LETTERS))
    optimizer = torch.optim.Adam(network.parameters(), lr=recipe.lr)
    steps = -(-len(labels_N) // recipe.batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.epochs * steps)
    for epoch in range(recipe.epochs):
        network.train()
        for batch in torch.randperm(len(labels_N)).split(recipe.batch_size):
            optimizer.zero_grad()
            functional.cross_entropy(network(to_input(images_NHW[batch])), labels_N[batch]).backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {epoch + 1}/{recipe.epochs}: held-out accuracy {accuracy(network, *test):.2%}", flush=True)
    return network


def accuracy(network: ResNetCifar, images_NHW: Tensor, labels_N: Tensor) -> float:
    """Return the share classified rightly, in eval mode."""
    network.eval()
    with torch.inference_mode():
        guesses = [network(to_input(images)).argmax(1) for images in images_NHW.split(1000)]
    return (torch.cat(guesses) == labels_N).double().mean().item()


if __name__ == "__main__":
    main()
