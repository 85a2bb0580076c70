{{- define "oran-mano-exporter.name" -}}
{{ .Values.nameOverride | default .Chart.Name | trunc 63 | trimAll "-" }}
{{- end }}

{{- /* As a Service may be called: without the dots that a release may have. */}}
{{- define "oran-mano-exporter.fullname" -}}
{{- $name := include "oran-mano-exporter.name" . -}}
{{- $both := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) -}}
{{ .Values.fullnameOverride | default $both | replace "." "-" | trunc 52 | trimAll "-" }}
{{- end }}

{{- define "oran-mano-exporter.selector" -}}
app.kubernetes.io/name: {{ include "oran-mano-exporter.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- /* In: root; labels where there are some. Each key once: what is more particular wins. */}}
{{- define "oran-mano-exporter.labels" -}}
{{- $standard := include "oran-mano-exporter.labels.standard" .root | fromYaml -}}
{{ toYaml (mergeOverwrite $standard (.root.Values.commonLabels | default dict) (.labels | default dict)) }}
{{- end }}

{{- define "oran-mano-exporter.labels.standard" -}}
{{ include "oran-mano-exporter.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- /* metadata of an object. In: root; suffix, labels, annotations and namespace where there are some. */}}
{{- define "oran-mano-exporter.metadata" -}}
name: {{ printf "%s%s" (include "oran-mano-exporter.fullname" .root) (.suffix | default "") | quote }}
namespace: {{ .namespace | default .root.Release.Namespace | quote }}
labels:
  {{- include "oran-mano-exporter.labels" . | nindent 2 }}
{{- with .annotations }}
annotations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "oran-mano-exporter.image" -}}
{{- with .Values.image -}}
{{ include "oran-mano-exporter.repository" $ }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- /* A first part with a dot or a port is a registry, as container engines read it. */}}
{{- define "oran-mano-exporter.repository" -}}
{{- $named := .Values.image.repository -}}
{{- with (.Values.global | default dict).imageRegistry -}}
{{ . }}/{{ regexReplaceAll "^([^/]*[.:][^/]*|localhost)/" $named "" }}
{{- else -}}
{{ $named }}
{{- end -}}
{{- end }}

{{- /* imagePullSecrets of a pod: of all charts and our own, each once. */}}
{{- define "oran-mano-exporter.imagePullSecrets" -}}
{{- $names := list -}}
{{- range concat ((.Values.global | default dict).imagePullSecrets | default list) (.Values.imagePullSecrets | default list) -}}
{{- $names = append $names (kindIs "string" . | ternary . (toJson . | fromJson).name) -}}
{{- end -}}
{{- with uniq $names -}}
imagePullSecrets:
{{- range . }}
  - name: {{ . | quote }}
{{- end }}
{{- end -}}
{{- end }}

{{- define "oran-mano-exporter.serviceAccountName" -}}
{{- $made := .Values.serviceAccount.create | ternary (include "oran-mano-exporter.fullname" .) "default" -}}
{{ .Values.serviceAccount.name | default $made }}
{{- end }}

{{- define "oran-mano-exporter.secretName" -}}
{{ .Values.existingSecret | default (include "oran-mano-exporter.fullname" .) }}
{{- end }}

{{- define "oran-mano-exporter.claimName" -}}
{{ .Values.persistence.existingClaim | default (include "oran-mano-exporter.fullname" .) }}
{{- end }}
