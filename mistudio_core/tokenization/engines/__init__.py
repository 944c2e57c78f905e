"""From texts to ids: the engines, long texts cut at proven places, and the proof that engines agree."""
