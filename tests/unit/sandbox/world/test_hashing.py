"""Hashes depend on the order of their parts, and a permutation can be inverted."""

from __future__ import annotations

from sandbox.world.hashing import Permutation, hash_ints


def test_a_hash_depends_on_the_order_of_its_parts() -> None:
    assert hash_ints(1, 2) != hash_ints(2, 1)
    assert hash_ints(1, 2) == hash_ints(1, 2) < 2**64


def test_a_permutation_can_be_inverted_and_maps_no_two_numbers_to_one() -> None:
    permutation = Permutation(7)
    numbers = [*range(1000), *(2**60 - 1 - n for n in range(1000))]
    images = [permutation.apply(number) for number in numbers]
    assert [permutation.invert(image) for image in images] == numbers
    assert len(set(images)) == len(numbers)
    assert max(images) < 2**60
