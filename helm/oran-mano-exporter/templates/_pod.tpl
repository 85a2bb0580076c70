{{- /* What the container of a Deployment and a sidecar have in common. */}}
{{- define "oran-mano-exporter.container" -}}
name: oran-mano-exporter
image: {{ include "oran-mano-exporter.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
args:
  - --config.file=/etc/oran-mano-exporter/config.yaml
  - --config.auto-reload-interval={{ .Values.reloadInterval }}
  {{- if eq .Values.mode "sidecar" }}
  - --config.tolerate-errors
  {{- end }}
  - --web.listen-address=:{{ .Values.port }}
  - --log.level={{ .Values.log.level }}
  - --log.format={{ .Values.log.format }}
  {{- with .Values.extraArgs }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
ports:
  - {name: mano-exporter, containerPort: {{ .Values.port }}, protocol: TCP}
{{- with .Values.livenessProbe }}
livenessProbe:
  httpGet: {path: /-/healthy, port: mano-exporter}
  {{- toYaml . | nindent 2 }}
{{- end }}
resources:
  {{- toYaml .Values.resources | nindent 2 }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: mano-exporter-config, mountPath: /etc/oran-mano-exporter, readOnly: true}
  {{- if .Values.persistence.enabled }}
  - {name: mano-exporter-journal, mountPath: {{ include "oran-mano-exporter.journal" . }}}
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /*
Configuration and secrets side by side, swapped as one; the configuration wins, being the last. Of a
sidecar nobody knows the pod's group, so all may read what only our container mounts; and what is
missing must not hold back the API.
*/}}
{{- define "oran-mano-exporter.volumes" -}}
{{- $sidecar := eq .Values.mode "sidecar" -}}
- name: mano-exporter-config
  projected:
    defaultMode: {{ $sidecar | ternary "0444" "0440" }}
    sources:
      {{- if or .Values.secrets .Values.existingSecret }}
      - secret: {name: {{ include "oran-mano-exporter.secretName" . | quote }}, optional: {{ $sidecar }}}
      {{- end }}
      - configMap: {name: {{ include "oran-mano-exporter.fullname" . | quote }}, optional: {{ $sidecar }}}
{{- if .Values.persistence.enabled }}
- name: mano-exporter-journal
  persistentVolumeClaim: {claimName: {{ include "oran-mano-exporter.claimName" . | quote }}}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Where nothing is reloaded, another configuration has to be another pod. */}}
{{- define "oran-mano-exporter.checksum" -}}
{{- if eq .Values.reloadInterval "0" -}}
checksum/config: {{ printf "%s%s" (include "oran-mano-exporter.config" .) (toJson .Values.secrets) | sha256sum }}
{{- end }}
{{- end }}
