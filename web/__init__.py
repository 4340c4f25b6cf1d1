"""What both faces of the web share: the app's parts, who is signed in, forms' safety, drawing a page or one block of it.

The webmail and the panel import this and never each other.
"""
