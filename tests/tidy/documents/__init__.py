"""The documents: links, decisions, the printed reference, the recipe of each refusal."""
