"""What the stock host of Python dynamic providers does not offer, found in the frames of its calls."""
