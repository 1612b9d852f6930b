{{/* Labels of every object; "component" is the role. Called with (list $ "component"). */}}
{{- define "p2p.labels" -}}
{{ include "p2p.selector" . }}
app.kubernetes.io/version: {{ (index . 0).Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ (index . 0).Release.Service }}
helm.sh/chart: {{ (index . 0).Chart.Name }}-{{ (index . 0).Chart.Version }}
{{- end }}

{{- define "p2p.selector" -}}
app.kubernetes.io/name: {{ (index . 0).Chart.Name }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "p2p.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "p2p.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Instance IDs in one string, separated by commas. */}}
{{- define "p2p.instances" -}}
{{- if kindIs "string" .Values.acrInstances }}{{ .Values.acrInstances | nospace }}{{ else }}{{ join "," .Values.acrInstances }}{{ end }}
{{- end }}

{{/* Whether there are a scheduler and peers. */}}
{{- define "p2p.swarm" -}}
{{- if ne (.Values.p2p.plusMode.downloadPattern | default "") "source" }}true{{ end }}
{{- end }}

{{/* What every container may not do. */}}
{{- define "p2p.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* A Pod's place. Called with the values of the role. */}}
{{- define "p2p.placement" -}}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end }}

{{/* More certificate authorities: the volume, its mount, and the variable that names the file. */}}
{{- define "p2p.caVolume" -}}
{{- if .Values.caBundle }}
- name: ca
  configMap:
    name: {{ .Release.Name }}-ca
{{- end }}
{{- end }}

{{- define "p2p.caMount" -}}
{{- if .Values.caBundle }}
- name: ca
  mountPath: /etc/p2p/ca
  readOnly: true
{{- end }}
{{- end }}

{{- define "p2p.caVariable" -}}
{{- if .Values.caBundle }}
- name: P2P_CA_FILE
  value: /etc/p2p/ca/ca.crt
{{- end }}
{{- end }}

{{/* Annotations of a Pod that reads that file once, so that another one restarts it. */}}
{{- define "p2p.caChecksum" -}}
{{- if .Values.caBundle }}
annotations:
  checksum/ca: {{ sha256sum .Values.caBundle }}
{{- end }}
{{- end }}

{{/* The environment of agent and setup: image/p2p/config/environment.py */}}
{{- define "p2p.agentVariables" -}}
- {name: NODE_ADDRESS, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}
- {name: P2P_PORT, value: {{ .Values.p2p.port | quote }}}
- {name: P2P_METRICS_PORT, value: {{ .Values.p2p.metricsPort | quote }}}
- {name: P2P_RATELIMIT, value: {{ .Values.p2p.ratelimit | quote }}}
- {name: P2P_CACHE_TTL, value: {{ .Values.p2p.plusMode.cacheTTL | quote }}}
- {name: P2P_CACHE_CAPACITY, value: {{ .Values.p2p.cache.capacity | quote }}}
- {name: P2P_HOSTS_DIR, value: {{ .Values.p2p.runtime.hostsDir | quote }}}
- {name: P2P_ORIGINS, value: /etc/p2p/origins/origins.json}
- {name: P2P_RUN_DIR, value: /run/p2p}
- {name: P2P_STORE_DIR, value: /var/lib/p2p}
- {name: P2P_TOKEN_FILE, value: /etc/p2p/token/token}
{{- include "p2p.caVariable" . }}
{{- end }}

{{/* The environment of the webhook: image/p2p/webhook/settings.py */}}
{{- define "p2p.webhookVariables" -}}
- {name: P2P_RELEASE, value: {{ .Release.Name | quote }}}
- {name: P2P_NAMESPACE, value: {{ .Release.Namespace | quote }}}
- {name: P2P_PORT, value: {{ .Values.p2p.port | quote }}}
- {name: P2P_METRICS_PORT, value: {{ .Values.p2p.metricsPort | quote }}}
- {name: P2P_HOSTS_DIR, value: {{ .Values.p2p.runtime.hostsDir | quote }}}
- {name: P2P_INSTANCES, value: {{ include "p2p.instances" . | quote }}}
- {name: P2P_INTERNET, value: {{ .Values.pullImageInternet | default false | quote }}}
- {name: P2P_CR_ENDPOINT, value: {{ .Values.endpoints.cr | default (printf "cr.%s.aliyuncs.com" .Values.region) | quote }}}
- {name: P2P_SCHEDULER, value: {{ include "p2p.swarm" . | default "false" | quote }}}
{{- include "p2p.caVariable" . }}
{{- end }}
