{{/* Names and labels that more than one template needs. */}}
{{- define "vedette.name" -}}
{{- if contains "vedette" .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-vedette" .Release.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "vedette.selector" -}}
app.kubernetes.io/name: vedette
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "vedette.labels" -}}
{{ include "vedette.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* (dict "root" $ "name" "vedette-system-probe" "digest" "sha256:...") */}}
{{- define "vedette.image" -}}
{{- $image := .root.Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ .name }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ $image.tag | default .root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "vedette.priorityClass" -}}
{{- if .Values.priorityClass.create }}{{ include "vedette.name" . }}{{ else }}{{ .Values.priorityClass.name }}{{ end }}
{{- end }}

{{/* Directory and socket of the container runtime; nothing for none. */}}
{{- define "vedette.runtime" -}}
{{- $known := dict
    "containerd" (list "/run/containerd" "containerd.sock")
    "crio" (list "/run/crio" "crio.sock")
    "k3s" (list "/run/k3s/containerd" "containerd.sock") }}
{{- get $known .Values.runtime | default list | toJson }}
{{- end }}
