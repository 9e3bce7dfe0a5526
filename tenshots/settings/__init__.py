"""Models of the sections of params.yaml whose own modules import much: the numeric core and the tables.

So that all settings can be judged in a second, before anything else is imported (`whole`). The models of
lighter concerns stay beside their code: `layout.PhotosSettings`, `encoding.StandardiseSettings`,
`seeds.SeedSettings`, and those in `report`, `interpretation` and `studies`.
"""
