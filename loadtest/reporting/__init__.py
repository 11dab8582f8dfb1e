"""How results are shown: the page, the terminal, and what CI and READMEs take."""
