{{- /* What the container of a Deployment and a sidecar have in common. */}}
{{- define "oran-mano-exporter.container" -}}
name: oran-mano-exporter
image: {{ include "oran-mano-exporter.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - --config.file=/etc/oran-mano-exporter/config.yaml
  - --config.auto-reload-interval={{ .Values.reloadInterval }}
  - --web.listen-address=:{{ .Values.port }}
  - --log.level={{ .Values.log.level }}
  - --log.format={{ .Values.log.format }}
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - {name: mano-exporter, containerPort: {{ .Values.port }}, protocol: TCP}
livenessProbe:
  httpGet: {path: /-/healthy, port: mano-exporter}
  {{- toYaml .Values.livenessProbe | nindent 2 }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  - {name: mano-exporter-config, mountPath: /etc/oran-mano-exporter, readOnly: true}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* Configuration and secrets side by side, swapped as one. In: root and mode. */}}
{{- define "oran-mano-exporter.volumes" -}}
{{- $root := .root -}}
- name: mano-exporter-config
  projected:
    defaultMode: {{ .mode }}
    sources:
      - configMap: {name: {{ include "oran-mano-exporter.fullname" $root }}}
      {{- if or $root.Values.secrets $root.Values.existingSecret }}
      - secret: {name: {{ include "oran-mano-exporter.secretName" $root }}}
      {{- end }}
{{- with $root.Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Where nothing is reloaded, another configuration has to be another pod. */}}
{{- define "oran-mano-exporter.checksum" -}}
{{- if eq .Values.reloadInterval "0" -}}
checksum/config: {{ printf "%s%s" (include "oran-mano-exporter.config" .) (toJson .Values.secrets) | sha256sum }}
{{- end }}
{{- end }}
