"""What a torch optimizer multiplies a gradient by: the metric in which a proximal step must be taken after it.

    w' = w − s ∘ (momentum of g),     w⁺ = argmin ½ Σ (w − w'ᵢ)²/sᵢ + λR(w)

Only with that s, entry by entry, the fixed points are those of the problem.
"""
