"""What `kustomize build` gives, worked out in memory: overlays, components, patches and generators.

`builds.rendered` reads a kustomization and all that it reaches, and gives the objects as they would be applied, each
scalar and mapping with the document that it comes from. The order of the steps and their details follow the source of
kustomize 5.8 (`api/internal/target/kusttarget.go`, `kyaml/yaml/merge2`); `tests/kubernetes/kustomize` compares the
results with recorded outputs of the program. What cannot be known without a network, a plugin or a schema of the
workspace makes an object uncertain, and rules say nothing of it.
"""
