"""Cases of image ops that draw random numbers, for ops-elastic.json."""

from call import case
from golden import values


def make():
    image = values(232, (2, 4, 5, 2))
    gentle = {"alpha": 3.0, "sigma": 0.8, "seed": 42}
    return [case("image.elastic_transform", image, **gentle), case("image.elastic_transform", image[0], interpolation="nearest", fill_mode="constant", fill_value=0.5, **gentle), case("image.elastic_transform", image.transpose(0, 3, 1, 2).copy(), data_format="channels_first", fill_mode="wrap", alpha=20.0, sigma=1.0, seed=7), case("image.elastic_transform", image[:1].astype("float16"), grad=False, **gentle)]
