"""Shops that sell parts: their way onto the platform, where they are, what they sell for, and how they do.

A *parts shop* is a business of its own with one place. Its owner walks six steps, a *reviewer* verifies the papers,
and then the shop is *active*: it is asked for parts. *Suspended* it is asked for nothing until the reviewer says so,
*inactive* until its owner does. Its *score* is counted from what buyers and its own deeds say.
"""
