"""What makes a fleet available, in numbers: the same functions and words for program and policies.

The components refuse at construction what the policy pack refuses in the preview. The pack is usable
as a directory of its own, so this stands in it; the program imports it as `policies.availability`
(ADR 36). Pure, and without any import of the project.
"""
