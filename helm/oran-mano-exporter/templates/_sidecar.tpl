{{- /*
For the pods of a parent chart, each with (index .Subcharts "oran-mano-exporter"):

  metadata.annotations:  oran-mano-exporter.checksum
  spec.initContainers:   oran-mano-exporter.sidecar.container
  spec.volumes:          oran-mano-exporter.sidecar.volumes

It has neither readiness nor startup probe: an exporter that is not well must not take the API out
of its Service, nor keep it from starting. For the same reason it tolerates a bad configuration.
*/}}
{{- define "oran-mano-exporter.sidecar.container" -}}
{{- if ne .Values.mode "sidecar" -}}
{{- fail "oran-mano-exporter.mode is not sidecar: set it, or a Deployment would be made besides" -}}
{{- end -}}
- restartPolicy: Always
  {{- include "oran-mano-exporter.container" . | nindent 2 }}
  env:
    # A pod's name is in other namespaces too.
    - name: MANO_EXPORTER_NAMESPACE
      valueFrom: {fieldRef: {fieldPath: metadata.namespace}}
    - name: MANO_EXPORTER_POD
      valueFrom: {fieldRef: {fieldPath: metadata.name}}
    - name: ORAN_MANO_TARGET
      value: $(MANO_EXPORTER_NAMESPACE).$(MANO_EXPORTER_POD)
    {{- with .Values.extraEnv }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "oran-mano-exporter.sidecar.volumes" -}}
{{ include "oran-mano-exporter.volumes" . }}
{{- end }}
