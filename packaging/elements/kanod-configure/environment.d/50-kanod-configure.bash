export KANOD_AGENT_RUNTIME=${KANOD_AGENT_RUNTIME:-embedded}
# Elements install what a TPM needs only where an image is meant to use one.
export DIB_KANOD_TPM=${DIB_KANOD_TPM:-0}
