"""Writers of the sets with files that list the pictures: DTD, Flowers102, Food101, GTSRB, OxfordPets, Tiny-ImageNet."""

import json
from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.data_sets.pictures import Plan, save

TEXTURES = ("banded", "blotchy", "braided", "bubbly", "bumpy", "chequered", "cobwebbed", "cracked")
DISHES = ("apple_pie", "baby_back_ribs", "baklava", "beef_carpaccio", "beef_tartare", "beet_salad", "beignets", "bibimbap")
BREEDS = ("Abyssinian", "american_bulldog", "american_pit_bull_terrier", "basset_hound", "beagle", "Bengal", "Birman", "Bombay")
WORDNET = ("n01443537", "n01629819", "n01641577", "n01644900", "n01698640", "n01742172", "n01768244", "n01770393")
WORDS = (
    "goldfish, Carassius auratus",
    "European fire salamander",
    "bullfrog",
    "tailed frog",
    "alligator",
    "boa",
    "trilobite",
    "scorpion",
)


def names_of(known: tuple[str, ...], plan: Plan) -> list[str]:
    """Give as many class names as are asked for: known ones, then made ones that sort behind them."""
    return [*known, *(f"zz_thing_{number:03d}" for number in range(plan.classes))][: plan.classes]


def write_dtd(root: Path, plan: Plan) -> None:
    """Write the three lists of partition 1 and the pictures of DTD."""
    folder = root / "dtd" / "dtd"
    (folder / "labels").mkdir(parents=True)
    names = names_of(TEXTURES, plan)
    for part in ("train", "val", "test"):
        lines = []
        for number, label in enumerate(plan.labels(part)):
            lines.append(f"{names[label]}/{names[label]}_{part}{number:04d}.jpg")
            save(folder / "images" / lines[-1], label, number, 40)
        (folder / "labels" / f"{part}1.txt").write_text("".join(f"{line}\n" for line in lines))


def write_food101(root: Path, plan: Plan) -> None:
    """Write the json lists and the pictures of Food101."""
    folder = root / "food-101"
    (folder / "meta").mkdir(parents=True)
    names = names_of(DISHES, plan)
    for part in ("train", "test"):
        listing: dict[str, list[str]] = {name: [] for name in names}
        for number, label in enumerate(plan.labels(part)):
            name = f"{names[label]}/{len(part)}{number:05d}"
            listing[names[label]].append(name)
            save(folder / "images" / f"{name}.jpg", label, number, 48)
        (folder / "meta" / f"{part}.json").write_text(json.dumps(listing))


def write_oxford_pets(root: Path, plan: Plan) -> None:
    """Write the annotations and the pictures of OxfordPets, with the other files that lie among them."""
    folder = root / "oxford-iiit-pet"
    (folder / "annotations").mkdir(parents=True)
    names = names_of(BREEDS, plan)
    for part, name in (("train", "trainval"), ("test", "test")):
        lines = []
        for number, label in enumerate(plan.labels(part)):
            picture = f"{names[label]}_{len(part)}{number:03d}"
            lines.append(f"{picture} {label + 1} {1 + label % 2} {1 + label // 2}")
            save(folder / "images" / f"{picture}.jpg", label, number, 44)
        (folder / "annotations" / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
    (folder / "images" / f"{names[0]}_100.mat").touch()


def write_flowers102(root: Path, plan: Plan) -> None:
    """Write the labels, the parts and the numbered pictures of Flowers102."""
    folder = root / "flowers-102"
    folder.mkdir(parents=True)
    labels = np.concatenate([plan.labels(part) for part in ("train", "val", "test")])
    order = np.random.default_rng(0).permutation(labels.size)  # the parts are mixed in the numbering
    by_number = np.empty_like(labels)
    by_number[order] = labels
    sizes = np.cumsum([len(plan.labels("train")), len(plan.labels("val"))])
    parts = dict(zip(("trnid", "valid", "tstid"), np.split(order + 1, sizes), strict=True))
    savemat(folder / "setid.mat", {name: ids[None].astype(np.uint16) for name, ids in parts.items()}, do_compression=True)
    savemat(folder / "imagelabels.mat", {"labels": (by_number + 1)[None].astype(np.uint8)}, do_compression=True)
    for number, label in enumerate(by_number):
        save(folder / "jpg" / f"image_{number + 1:05d}.jpg", label, number, 52)


def write_gtsrb(root: Path, plan: Plan) -> None:
    """Write the class folders, the test pictures and the table of GTSRB."""
    folder = root / "gtsrb"
    for number, label in enumerate(plan.labels("train")):
        save(folder / "GTSRB" / "Training" / f"{label:05d}" / f"{number:05d}_00000.ppm", label, number, 30)
        (folder / "GTSRB" / "Training" / f"{label:05d}" / f"GT-{label:05d}.csv").write_text("Filename;Width\n")
    rows = ["Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId"]
    for number, label in enumerate(plan.labels("test")):
        save(folder / "GTSRB" / "Final_Test" / "Images" / f"{number:05d}.ppm", label, number, 34)
        rows.append(f"{number:05d}.ppm;34;34;5;5;29;29;{label}")
    (folder / "GT-final_test.csv").write_text("\r\n".join(rows) + "\r\n")


def write_tiny_imagenet(root: Path, plan: Plan) -> None:
    """Write the lists and the pictures of Tiny-ImageNet, the test pictures without labels too."""
    folder = root / "tiny-imagenet-200"
    folder.mkdir(parents=True)
    numbers = [*WORDNET, *(f"n1{number:07d}" for number in range(plan.classes))][: plan.classes]
    words = [*WORDS, *(f"thing {number}" for number in range(plan.classes))][: plan.classes]
    (folder / "wnids.txt").write_text("\n".join(reversed(numbers)))
    lines = [f"{number}\t{word}" for number, word in zip(numbers, words, strict=True)]
    (folder / "words.txt").write_text("\n".join(["n00001740\tentity", *lines]) + "\n")
    for number, label in enumerate(plan.labels("train")):
        save(folder / "train" / numbers[label] / "images" / f"{numbers[label]}_{number}.JPEG", label, number, 64)
    rows = []
    for number, label in enumerate(plan.labels("test")):
        save(folder / "val" / "images" / f"val_{number}.JPEG", label, number, 64)
        rows.append(f"val_{number}.JPEG\t{numbers[label]}\t0\t32\t44\t62\n")
    (folder / "val" / "val_annotations.txt").write_text("".join(rows))
    save(folder / "test" / "images" / "test_0.JPEG", 0, 0, 64)
