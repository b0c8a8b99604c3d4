"""Claims of the page, and those that do not hold."""

count = 0
broken = []


def claim(sentence, holds, evidence=None):
    """Notes whether a sentence of the page is true."""
    global count
    count += 1
    if not holds:
        broken.append(sentence)
        print(f"BROKEN: {sentence}\n        {str(evidence)[:700]}", flush=True)
