"""The ground every package stands on: errors, scope, unit of work, clock, keys. Imports no other package of ours."""
