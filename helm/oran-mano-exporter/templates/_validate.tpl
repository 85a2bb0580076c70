{{- /* What the values' schema cannot say, each in a line that says what to do. */}}
{{- define "oran-mano-exporter.validate" -}}
{{- if not (.Values.config | default dict).targets -}}
{{- fail "config.targets is empty: say what to probe, such as {name: lab, url: https://mano.example.net/v1}" -}}
{{- end -}}
{{- if and .Values.secrets .Values.existingSecret -}}
{{- fail "secrets and existingSecret are both set: leave one of them out" -}}
{{- end -}}
{{- include "oran-mano-exporter.validate.unique" (dict "of" .Values.extraEnv "by" "name" "at" "extraEnv") -}}
{{- include "oran-mano-exporter.validate.unique" (dict "of" .Values.extraVolumes "by" "name" "at" "extraVolumes") -}}
{{- include "oran-mano-exporter.validate.unique" (dict "of" .Values.extraVolumeMounts "by" "mountPath" "at" "extraVolumeMounts") -}}
{{- if eq .Values.mode "sidecar" -}}
{{- include "oran-mano-exporter.sidecar.validate" . -}}
{{- else -}}
{{- include "oran-mano-exporter.deployment.validate" . -}}
{{- end -}}
{{- end }}

{{- /* In: of, a list; by, the key that tells its entries apart; at, where it stands. */}}
{{- define "oran-mano-exporter.validate.unique" -}}
{{- $seen := dict -}}
{{- range $index, $one := .of -}}
{{- $is := get $one $.by -}}
{{- if hasKey $seen $is -}}
{{- fail (printf "%s[%d].%s is %s, as that of %s[%v]: each has to have its own" $.at $index $.by $is $.at (get $seen $is)) -}}
{{- end -}}
{{- $_ := set $seen $is $index -}}
{{- end -}}
{{- end }}

{{- define "oran-mano-exporter.deployment.validate" -}}
{{- $name := include "oran-mano-exporter.fullname" . -}}
{{- if not (regexMatch "^[a-z]" $name) -}}
{{- fail (printf "the name %s begins with a digit, which a Service's cannot: set fullnameOverride" $name) -}}
{{- end -}}
{{- range $at, $target := .Values.config.targets -}}
{{- if not $target.name -}}
{{- fail (printf "config.targets[%d].name is missing: metrics tell targets apart by it. Without one in the API's own pods: mode: sidecar" $at) -}}
{{- end -}}
{{- end -}}
{{- include "oran-mano-exporter.validate.unique" (dict "of" .Values.config.targets "by" "name" "at" "config.targets") -}}
{{- if .Values.persistence.enabled -}}
{{- $path := include "oran-mano-exporter.journal" . -}}
{{- $journal := (.Values.config.state | default dict).journal | default $path -}}
{{- if not (or (eq $journal $path) (hasPrefix (printf "%s/" $path) $journal)) -}}
{{- fail (printf "config.state.journal is %s, and persistence keeps what is in %s: leave the former out" $journal $path) -}}
{{- end -}}
{{- end -}}
{{- range $at, $mount := .Values.extraVolumeMounts -}}
{{- if and $.Values.persistence.enabled (eq (trimSuffix "/" $mount.mountPath) (include "oran-mano-exporter.journal" $)) -}}
{{- fail (printf "extraVolumeMounts[%d].mountPath is %s, where persistence mounts the journal" $at $mount.mountPath) -}}
{{- end -}}
{{- end -}}
{{- $volumes := list -}}
{{- range .Values.extraVolumes -}}
{{- $volumes = append $volumes .name -}}
{{- end -}}
{{- range $at, $mount := .Values.extraVolumeMounts -}}
{{- if not (has $mount.name $volumes) -}}
{{- fail (printf "extraVolumeMounts[%d].name is %s, which is none of extraVolumes" $at $mount.name) -}}
{{- end -}}
{{- end -}}
{{- if gt (int .Values.replicaCount) 1 -}}
{{- fail (printf "replicaCount is %d, and replicas cannot agree yet who probes: each would send every request. Leave it at 1 (or 0 to pause)" (int .Values.replicaCount)) -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled (not .Values.networkPolicy.egress) -}}
{{- fail "networkPolicy.egress is empty: the API could not be reached. Name it, or leave networkPolicy.enabled false" -}}
{{- end -}}
{{- end }}

{{- define "oran-mano-exporter.sidecar.validate" -}}
{{- if ne (len .Values.config.targets) 1 -}}
{{- fail (printf "config.targets has %d entries: a sidecar probes its own pod alone" (len .Values.config.targets)) -}}
{{- end -}}
{{- with first .Values.config.targets -}}
{{- if hasKey . "name" -}}
{{- fail "config.targets[0].name is set: leave it out, a sidecar's target is named by namespace and pod" -}}
{{- end -}}
{{- if not (hasKey . "url") -}}
{{- fail "config.targets[0].url is missing: the API's address within its pod, such as http://127.0.0.1:8080/v1" -}}
{{- end -}}
{{- end -}}
{{- if ne (int .Values.replicaCount) 1 -}}
{{- fail "replicaCount is for the Deployment: say with sidecar.pods how many pods the API has" -}}
{{- end -}}
{{- if .Values.persistence.enabled -}}
{{- fail "persistence is for the Deployment: the pods of the API would share one claim. A sidecar's journal is a volume of its pod, by extraVolumes" -}}
{{- end -}}
{{- range $at, $source := .Values.envFrom -}}
{{- if not ($source.secretRef | default $source.configMapRef).optional -}}
{{- fail (printf "envFrom[%d] is not optional: true: what is missing would hold back the API" $at) -}}
{{- end -}}
{{- end -}}
{{- if or .Values.networkPolicy.enabled .Values.podDisruptionBudget.enabled -}}
{{- fail "networkPolicy and podDisruptionBudget are for the Deployment: a sidecar's pod has its own" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled (not .Values.sidecar.podLabels) -}}
{{- fail "sidecar.podLabels is empty: give the labels of the API's pods, by which the PodMonitor finds them" -}}
{{- end -}}
{{- end }}
