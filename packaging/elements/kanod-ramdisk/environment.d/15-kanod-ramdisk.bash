# diskimage-builder's scripts that make the RAM disk, within the image, end at variables that only its program knows.
export _BASE_ELEMENT_DIR=${_BASE_ELEMENT_DIR:-}
export TMP_IMAGE_PATH=/tmp/kanod-ramdisk
export EXTRA_DETACH=
export EXTRA_UNMOUNT=
# Of the host, where it may be another folder.
export TMP_DIR=/tmp
