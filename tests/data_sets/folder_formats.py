"""Writers of the sets with a folder for each class: EuroSAT, ImageNet, StanfordCars, SUN397."""

from pathlib import Path

import numpy as np
from scipy.io import savemat

from tests.data_sets.listed_formats import WORDNET, names_of
from tests.data_sets.pictures import Plan, save

COVERS = ("AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial", "Pasture", "PermanentCrop", "Residential")
CARS = ("AM General Hummer SUV 2000", "Acura RL Sedan 2012", "Acura TL Sedan 2012", "Ram C/V Cargo Van Minivan 2012")
SCENES = ("abbey", "airplane_cabin", "apartment_building/outdoor", "badlands", "cathedral/indoor", "village", "yard")


def write_eurosat(root: Path, plan: Plan) -> None:
    """Write the class folders of EuroSAT."""
    names = names_of(COVERS, plan)
    for number, label in enumerate(plan.labels("train")):
        save(root / "eurosat" / "2750" / names[label] / f"{names[label]}_{number}.jpg", label, number, 64)


def write_sun397(root: Path, plan: Plan) -> None:
    """Write the class list and the folders of SUN397, some of them nested."""
    names = names_of(SCENES, plan)
    (root / "SUN397").mkdir(parents=True)
    (root / "SUN397" / "ClassName.txt").write_text("".join(f"/{name[0]}/{name}\n" for name in names))
    for number, label in enumerate(plan.labels("train")):
        save(root / "SUN397" / names[label][0] / names[label] / f"sun_{number:016d}.jpg", label, number, 60)


def write_imagenet(root: Path, plan: Plan) -> None:
    """Write the class folders of ImageNet's two parts."""
    numbers = [*WORDNET, *(f"n1{number:07d}" for number in range(plan.classes))][: plan.classes]
    for part, folder in (("train", "train"), ("test", "val")):
        for number, label in enumerate(plan.labels(part)):
            save(root / "imagenet" / folder / numbers[label] / f"{folder}_{number}.JPEG", label, number, 70)


def write_stanford_cars(root: Path, plan: Plan) -> None:
    """Write StanfordCars as it is found on Kaggle: class folders."""
    names = [name.replace("/", "-") for name in names_of(CARS, plan)]
    for part in ("train", "test"):
        for number, label in enumerate(plan.labels(part)):
            save(root / "car_data" / "car_data" / part / names[label] / f"{number:05d}.jpg", label, number, 56)


def write_stanford_cars_devkit(root: Path, plan: Plan) -> None:
    """Write StanfordCars as its authors gave it out and torchvision reads it: annotations in MATLAB files."""
    folder = root / "stanford_cars"
    (folder / "devkit").mkdir(parents=True)
    names = np.empty((1, plan.classes), dtype=object)
    names[0] = names_of(CARS, plan)
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": names})
    for part, annotations in (("train", "devkit/cars_train_annos.mat"), ("test", "cars_test_annos_withlabels.mat")):
        rows = []
        for number, label in enumerate(plan.labels(part)):
            name = f"{number + 1:05d}.jpg"
            save(folder / f"cars_{part}" / name, label, number, 56)
            rows.append((39, 116, 569, 375, int(label) + 1, name))
        fields = [(field, object) for field in ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")]
        savemat(folder / annotations, {"annotations": np.array([rows], dtype=fields)})
