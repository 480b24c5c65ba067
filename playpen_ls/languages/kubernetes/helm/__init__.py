"""What `helm template` gives, worked out in memory: the templates of a chart with its values.

`charts.rendered` evaluates the templates of a chart and gives the documents, each scalar and mapping with the place
that it comes from: plain text of a template, or a value of a values file. The language follows the sources of Go's
`text/template`, of sprig 3 and of Helm 3; `tests/kubernetes/helm` compares the results with recorded outputs of the
program. Nothing outside of the chart is read. What depends on the release, on the cluster, on chance or on a function
that is not known here is unknown: a HOLE in a text, a GAP where whole lines are unknown.
"""
