{{- /* config.yaml. A sidecar's target is filled up with what suits one of many like it. */}}
{{- define "oran-mano-exporter.config" -}}
{{- include "oran-mano-exporter.validate" . -}}
{{- $config := deepCopy .Values.config -}}
{{- $share := "" -}}
{{- if eq .Values.mode "sidecar" -}}
{{- $profile := include "oran-mano-exporter.sidecar.profile" . | fromYaml -}}
{{- $target := mergeOverwrite $profile (first $config.targets) -}}
{{- $share = include "oran-mano-exporter.decimal" (divf $target.rate_limits.share .Values.sidecar.pods) -}}
{{- $_ := set $target.rate_limits "share" "@share@" -}}
{{- $_ := set $config "targets" (list $target) -}}
{{- end -}}
{{- if .Values.persistence.enabled -}}
{{- $_ := set $config "state" (mergeOverwrite (dict "journal" (include "oran-mano-exporter.journal" .)) ($config.state | default dict)) -}}
{{- end -}}
{{ toYaml $config | replace "'@share@'" $share }}
{{- end }}

{{- /* Where the volume of the journal is mounted: the folder that the image has for it. */}}
{{- define "oran-mano-exporter.journal" -}}
/var/lib/oran-mano-exporter
{{- end }}

{{- /* toYaml would write 5e-05, which is text to YAML 1.1. */}}
{{- define "oran-mano-exporter.decimal" -}}
{{ regexReplaceAll "\\.?0+$" (printf "%.9f" .) "" }}
{{- end }}

{{- /* Only what the pod answers by itself: what all pods would answer alike is for a Deployment. */}}
{{- define "oran-mano-exporter.sidecar.profile" -}}
surfaces:
  "*": {mode: "off"}
  monitoring.health: {mode: read}
  monitoring.metrics: {mode: read}
rate_limits: {share: 0.05}
{{- end }}
