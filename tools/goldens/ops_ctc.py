"""Cases of CTC, for ops-ctc.json."""

import numpy as np

from call import array, case
from golden import integers, values


def losses():
    scores = values(240, (3, 6, 4), -2, 2)
    labels = array([[1, 2, 1], [3, 3, 0], [2, 0, 0]], "int32")
    lengths, steps = array([3, 2, 1], "int32"), array([6, 5, 3], "int32")
    cases = [case("ctc_loss", labels, scores, lengths, steps), case("ctc_loss", array([[0, 1, 2], [2, 2, 1], [1, 0, 0]], "int32"), scores, lengths, steps, mask_index=3), case("ctc_loss", labels, scores.astype("float16"), lengths, steps)]
    # Impossible: more labels than steps, equal labels without room for a blank; nothing to say; labels that are no class.
    cases += [case("ctc_loss", labels, scores, lengths, array([2, 2, 0], "int32")), case("ctc_loss", labels, scores, array([0, 0, 0], "int32"), steps), case("ctc_loss", array([[1, -1], [2, 9], [1, 1]], "int32"), scores, array([1, 1, 2], "int32"), steps)]
    return cases + [case("ctc_loss", array([[1]], "int32"), values(241, (1, 1, 3)), array([1], "int32"), array([1], "int32"))]


def decodings():
    scores = values(242, (2, 6, 4), -3, 3)
    steps = array([6, 4], "int32")
    cases = [case("ctc_decode", scores, steps, grad=False), case("ctc_decode", scores, steps, merge_repeated=False, grad=False), case("ctc_decode", scores, steps, mask_index=None, grad=False), case("ctc_decode", scores, steps, strategy="greedy", mask_index=2, grad=False), case("ctc_decode", integers(243, (2, 5, 3), 0, 2).astype("float32"), steps - 1, grad=False), case("ctc_decode", scores.astype("float16"), steps, grad=False)]
    beam = {"strategy": "beam_search", "grad": False}
    cases += [case("ctc_decode", scores, steps, beam_width=4, top_paths=3, **beam), case("ctc_decode", scores, steps, beam_width=100, top_paths=2, **beam), case("ctc_decode", scores, steps, beam_width=3, mask_index=None, **beam), case("ctc_decode", scores, steps, beam_width=2, top_paths=2, mask_index=1, merge_repeated=False, **beam), case("ctc_decode", scores[:, :1].copy(), array([1, 1], "int32"), beam_width=5, top_paths=3, **beam)]
    # Ties: lower classes win, shorter paths come first.
    flat = np.zeros((1, 3, 3), "float32")
    return cases + [case("ctc_decode", flat, array([3], "int32"), beam_width=3, top_paths=3, **beam), case("ctc_decode", flat, array([2], "int32"), beam_width=20, top_paths=6, **beam), case("ctc_decode", values(244, (1, 9, 3), -1, 1), array([9], "int32"), beam_width=6, top_paths=4, **beam)]


def make():
    return losses() + decodings()
