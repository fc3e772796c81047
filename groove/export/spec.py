"""Settings of the ONNX export.

What belongs here: settings with units and defaults. What does not: anything heavy; this is
imported when the graph is loaded.
"""

from pydantic import Field

from groove.core.spec import Spec


class OnnxSpec(Spec):
    """What is written, and how long it is compared and timed."""

    opset: int = Field(20, ge=18, le=23, description="ONNX operator set")
    parity_steps: int = Field(
        32, ge=1, description="Steps compared with the trained network, each from its own state"
    )
    timed_steps: int = Field(200, ge=1, description="Steps timed, on one thread")
    seed: int = Field(0, ge=0, description="Seed of the inputs compared")
