"""The tests mirror the tree of `app/`; journeys/ drives real browsers, architecture/ reads the code itself."""
