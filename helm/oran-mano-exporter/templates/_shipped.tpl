{{- /* What is taken from the sources, adapted to the values. */}}

{{- /* The groups of a file of rules, as {groups: [...]}. In: root, path. */}}
{{- define "oran-mano-exporter.rules" -}}
{{- $values := .root.Values.prometheusRule -}}
{{- $labels := concat (list "cluster" "namespace") ($values.additionalAggregationLabels | default list) -}}
{{- $text := .root.Files.Get .path | replace "cluster, namespace, " (printf "%s, " (join ", " $labels)) -}}
{{- $text = include "oran-mano-exporter.rehomed" (dict "root" .root "text" $text) -}}
{{- $groups := list -}}
{{- range $group := (fromYaml $text).groups -}}
{{- $rules := list -}}
{{- range $rule := $group.rules -}}
{{- if not (has $rule.alert ($values.disabled | default list)) -}}
{{- if $rule.alert -}}
{{- $severity := get ($values.severities | default dict) $rule.labels.severity | default dict -}}
{{- $_ := set $rule "labels" (mergeOverwrite $rule.labels ($values.additionalRuleLabels | default dict | deepCopy) ($severity.labels | default dict | deepCopy)) -}}
{{- $_ = set $rule "annotations" (mergeOverwrite $rule.annotations ($severity.annotations | default dict | deepCopy)) -}}
{{- end -}}
{{- $rules = append $rules $rule -}}
{{- end -}}
{{- end -}}
{{- if $rules -}}
{{- $groups = append $groups (set $group "rules" $rules) -}}
{{- end -}}
{{- end -}}
{{ toYaml (dict "groups" $groups) }}
{{- end }}

{{- /* A typo among the alerts that are left out would leave out nothing. */}}
{{- define "oran-mano-exporter.rules.validate" -}}
{{- $names := list -}}
{{- range $path, $_ := .Files.Glob "alerts/*.rules.yaml" -}}
{{- range regexFindAll "- alert: [A-Za-z]+" ($.Files.Get $path) -1 -}}
{{- $names = append $names (trimPrefix "- alert: " .) -}}
{{- end -}}
{{- end -}}
{{- range .Values.prometheusRule.disabled -}}
{{- if not (has . $names) -}}
{{- fail (printf "prometheusRule.disabled names %s, which is no alert of this chart: %s" . ($names | uniq | sortAlpha | join ", ")) -}}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* A dashboard, without the links that no browser opens. In: root, path. */}}
{{- define "oran-mano-exporter.dashboard" -}}
{{- $text := .root.Files.Get .path -}}
{{- if not (hasPrefix "http" .root.Values.prometheusRule.runbookUrl) -}}
{{- $any := "([^{}]|\\$\\{[^{}]*\\})*" -}}
{{- $link := printf "\\{%s%s%s\\}" $any (include "oran-mano-exporter.runbooks" .) $any -}}
{{- $text = regexReplaceAllLiteral (printf "%s\\s*,\\s*" $link) $text "" -}}
{{- $text = regexReplaceAllLiteral (printf "(,\\s*)?%s" $link) $text "" -}}
{{- end -}}
{{ include "oran-mano-exporter.rehomed" (dict "root" .root "text" $text) }}
{{- end }}

{{- /* A text whose runbooks are where the values say. In: root, text. */}}
{{- define "oran-mano-exporter.rehomed" -}}
{{- $here := include "oran-mano-exporter.runbooks" . -}}
{{ regexReplaceAllLiteral $here .text (printf "%s/" .root.Values.prometheusRule.runbookUrl) }}
{{- end }}

{{- /* The address of the runbooks in the sources, as an expression. */}}
{{- define "oran-mano-exporter.runbooks" -}}
docs/runbooks/
{{- end }}
