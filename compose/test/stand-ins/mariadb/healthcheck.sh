#!/bin/bash
# --connect: over TCP, so that it fails while the first start's own server runs; an "access denied" is an answer.
said=$(mariadb --protocol=tcp -h127.0.0.1 -uhealthcheck --connect-timeout=3 -e 'SELECT 1' 2>&1) && exit 0
case $said in *1045* | *1698* | *"Access denied"*) exit 0 ;; esac
exit 1
