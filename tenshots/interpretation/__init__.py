"""What a network sees: pictures of what it has learnt and of what it looks at.

One file per question: `activations` (what does it make of this photo?), `filters` (what do the first ones
look for?), `excitation` and `patches` (what excites a later one most?), `gradcam` (which places decided
an answer?), `dreaming`, `landscape` (how does the loss lie around the weights?), `structure` and `style`.
They take Keras models and arrays and return arrays; `layer_pictures`, `answer_pictures` and `gallery` draw
them, and explain them in words.
"""
