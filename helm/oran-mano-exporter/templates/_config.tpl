{{- /* config.yaml. A sidecar's target is filled up with what suits one of many like it. */}}
{{- define "oran-mano-exporter.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- if eq .Values.mode "sidecar" -}}
{{- $profile := include "oran-mano-exporter.sidecar.profile" . | fromYaml -}}
{{- $target := mergeOverwrite $profile (first ($config.targets | default (list dict))) -}}
{{- $share := divf $target.rate_limits.share .Values.sidecar.pods -}}
{{- $_ := set $target.rate_limits "share" $share -}}
{{- $_ := set $config "targets" (list $target) -}}
{{- end -}}
{{ toYaml $config }}
{{- end }}

{{- /* Only what the pod answers by itself: what all pods would answer alike is for a Deployment. */}}
{{- define "oran-mano-exporter.sidecar.profile" -}}
surfaces:
  "*": {mode: "off"}
  monitoring.health: {mode: read}
  monitoring.metrics: {mode: read}
rate_limits: {share: 0.05}
{{- end }}

{{- /* What the values' schema cannot say, each in a line that says what to do. */}}
{{- define "oran-mano-exporter.validate" -}}
{{- $targets := .Values.config.targets | default list -}}
{{- if not $targets -}}
{{- fail "config.targets is empty: say what to probe, such as {name: lab, url: https://mano.example.net/v1}" -}}
{{- end -}}
{{- if and .Values.secrets .Values.existingSecret -}}
{{- fail "secrets and existingSecret are both set: leave one of them out" -}}
{{- end -}}
{{- if eq .Values.mode "sidecar" -}}
{{- include "oran-mano-exporter.sidecar.validate" . -}}
{{- else if gt (int .Values.replicaCount) 1 -}}
{{- fail (printf "replicaCount is %d, and replicas cannot agree yet who probes: each would send every request. Leave it at 1 (or 0 to pause)" (int .Values.replicaCount)) -}}
{{- else if and .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) -}}
{{- fail "networkPolicy.egress is empty: the API could not be reached. Name it, or leave networkPolicy.enabled false" -}}
{{- end -}}
{{- end }}

{{- define "oran-mano-exporter.sidecar.validate" -}}
{{- if ne (len .Values.config.targets) 1 -}}
{{- fail (printf "config.targets has %d entries: a sidecar probes its own pod alone" (len .Values.config.targets)) -}}
{{- end -}}
{{- with first .Values.config.targets -}}
{{- if hasKey . "name" -}}
{{- fail "config.targets[0].name is set: leave it out, a sidecar's target is named by its pod" -}}
{{- end -}}
{{- if not (hasKey . "url") -}}
{{- fail "config.targets[0].url is missing: the API's address within its pod, such as http://127.0.0.1:8080/v1" -}}
{{- end -}}
{{- end -}}
{{- if ne (int .Values.replicaCount) 1 -}}
{{- fail "replicaCount is for the Deployment: say with sidecar.pods how many pods the API has" -}}
{{- end -}}
{{- if or .Values.networkPolicy.enabled .Values.podDisruptionBudget.enabled -}}
{{- fail "networkPolicy and podDisruptionBudget are for the Deployment: a sidecar's pod has its own" -}}
{{- end -}}
{{- if semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version -}}
{{- fail (printf "mode sidecar needs Kubernetes 1.29 or later, and this is %s" .Capabilities.KubeVersion.Version) -}}
{{- end -}}
{{- end }}
