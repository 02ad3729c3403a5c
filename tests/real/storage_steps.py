# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands of test_storage.py, in order, and the documents they name.

A line is a virsh command; a file name ending in .xml is one of DOCUMENTS, POOL is the pool's directory. Lines with `!`
are done in the directory by a shell.
"""
from ns import WORK

POOL = f"{WORK}/pool"
UUID = "5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b0001"

DOCUMENTS = {
    "pool.xml": f"""<pool type='dir'><name>p</name><uuid>{UUID}</uuid><source><dir path='/unused'/></source>
<target><path>{WORK}//pool/</path><permissions><mode>0711</mode><owner>1</owner><group>2</group></permissions></target></pool>""",
    "same-path.xml": f"<pool type='dir'><name>q</name><target><path>{POOL}</path></target></pool>",
    "other-uuid.xml": f"<pool type='dir'><name>p</name><target><path>{WORK}/other</path></target></pool>",
    "other-name.xml": f"<pool type='dir'><name>q</name><uuid>{UUID}</uuid><target><path>{WORK}/other</path></target></pool>",
    "moved.xml": f"<pool type='dir'><name>p</name><uuid>{UUID}</uuid><target><path>{WORK}/moved</path></target></pool>",
    "slash.xml": f"<pool type='dir'><name>a/b</name><target><path>{POOL}</path></target></pool>",
    "no-target.xml": "<pool type='dir'><name>n</name></pool>",
    "no-type.xml": "<pool><name>n</name></pool>",
    "zfs.xml": "<pool type='zfs'><name>z</name><source><name>tank</name></source></pool>",
    "q.xml": """<volume><name>q</name><capacity unit='MiB'>10</capacity><target><format type='qcow2'/>
<permissions><mode>0640</mode><owner>1</owner><group>2</group></permissions><compat>1.1</compat>
<clusterSize unit='KiB'>128</clusterSize><features><lazy_refcounts/></features></target></volume>""",
    "over.xml": f"""<volume><name>over</name><capacity unit='MiB'>20</capacity><target><format type='qcow2'/><compat>1.1</compat></target>
<backingStore><path>{POOL}/q</path><format type='qcow2'/></backingStore></volume>""",
    "no-base.xml": """<volume><name>x</name><capacity>1</capacity><target><format type='qcow2'/></target>
<backingStore><path>/nonexistent</path><format type='raw'/></backingStore></volume>""",
    "raw-base.xml": f"""<volume><name>x</name><capacity>1</capacity><target><format type='raw'/></target>
<backingStore><path>{POOL}/q</path></backingStore></volume>""",
    "old-lazy.xml": """<volume><name>x</name><capacity>1</capacity><target><format type='qcow2'/><compat>0.10</compat>
<features><lazy_refcounts/></features></target></volume>""",
    "no-name.xml": "<volume><capacity>1</capacity></volume>",
    "no-capacity.xml": "<volume><name>x</name></volume>",
    "bad-mode.xml": "<volume><name>x</name><capacity>1</capacity><target><permissions><mode>999</mode></permissions></target></volume>",
    "larger.xml": "<volume><name>larger</name><capacity unit='KiB'>1</capacity><allocation unit='KiB'>8</allocation></volume>",
    "converted.xml": """<volume><name>converted</name><capacity unit='MiB'>10</capacity><target><format type='qcow2'/>
<compat>1.1</compat></target></volume>""",
}

STEPS = """\
pool-list --all
pool-define pool.xml
pool-dumpxml p
pool-list --all --details
pool-info p
pool-define pool.xml
pool-define same-path.xml
pool-define other-uuid.xml
pool-define other-name.xml
pool-define slash.xml
pool-define no-target.xml
pool-define no-type.xml
pool-define zfs.xml
pool-start p
pool-build p --overwrite
pool-build p --overwrite --no-overwrite
pool-build p
!stat -c '%a %u %g' .
pool-build p
pool-start p
pool-start p
pool-build p
pool-create pool.xml
pool-dumpxml p
pool-autostart p
pool-info p
pool-autostart p --disable
pool-uuid p
pool-name 5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b0001
pool-name 5bc8e6ea-0b0a-4d9e-8f06-3c1d2a1b0009
pool-list --type dir
pool-list --type fs,logical --all
pool-list --transient
pool-list --inactive
pool-define moved.xml
pool-dumpxml p --inactive
pool-define pool.xml
vol-create-as p a 10M
vol-create-as p a 10M
vol-dumpxml a p
vol-info a p
vol-info a p --physical
vol-create-as p sparse 10M --allocation 0
vol-info sparse p
vol-create-as p part 10M --allocation 4M
vol-info part p
vol-create-as p a/b 1M
vol-create-as p .. 1M
vol-create-as p x 1M --format nonsense
vol-create-as p x 1M --prealloc-metadata
vol-create-as p directory 1M --format dir
vol-dumpxml directory p
vol-create p q.xml
vol-create p over.xml
vol-create p no-base.xml
vol-create p raw-base.xml
vol-create p old-lazy.xml
vol-create p no-name.xml
vol-create p no-capacity.xml
vol-create p bad-mode.xml
vol-create p larger.xml
vol-info larger p
vol-create nosuch q.xml
pool-refresh p
vol-dumpxml q p
vol-dumpxml over p
vol-list p
vol-list p --details
vol-path a p
vol-key a p
vol-name POOL/a
vol-pool POOL/a
vol-info POOL//a
vol-info POOL/nosuch
vol-info nosuch p
vol-path /etc/passwd
!mkfifo fifo; ln -s /nonexistent dangling; ln -s a link; ln -s /etc dirlink; mknod device c 1 3; ln -s device devlink; echo hello >text; : >empty; mkdir -p full/of/it
!qemu-img create -q -f vdi vdi 5M; qemu-img create -q -f qed qed 5M; qemu-img create -q -f qcow qcow 5M; qemu-img create -q -f vmdk vmdk 5M; qemu-img create -q -f vpc vpc 5M; qemu-img create -q -f qcow2 -b q -F qcow2 relative
pool-refresh p
vol-list p --details
vol-dumpxml link p
vol-dumpxml relative p
vol-dumpxml text p
vol-dumpxml vdi p
vol-resize a 20M p
vol-resize a 5M p
vol-resize a 5M p --shrink
vol-resize a 1M p --delta
vol-resize a 1M p --delta --shrink
vol-resize a 24M p --allocate
vol-info a p
vol-resize q 30M p
vol-resize q 15M p
vol-resize q 15M p --shrink
vol-resize q 1M p --allocate --delta
vol-info q p
vol-clone a copy p
vol-clone a copy p
vol-info copy p
vol-clone sparse sparse2 p
vol-info sparse2 p
vol-create-from p converted.xml text --inputpool p
vol-create-from p converted.xml sparse --inputpool p
vol-clone over over2 p
!cmp a copy; qemu-img info over2 | grep -c backing; qemu-img compare -q over over2; echo $?; qemu-img check -q converted; echo $?
vol-wipe copy p
!cmp -n 25165824 copy /dev/zero && stat -c '%s' copy
vol-wipe directory p
vol-wipe a p --algorithm nosuch
vol-delete copy p
vol-delete copy p
vol-delete directory p
vol-delete full p
vol-delete link p
vol-delete sparse p --delete-snapshots
!ls
pool-undefine p
pool-delete p
pool-destroy p
pool-destroy p
vol-list p
vol-info a p
vol-create-as p x 1M
pool-refresh p
pool-delete p
!rm -r * && ls -a
pool-delete p
!ls
pool-start p
pool-undefine p
pool-undefine p
pool-create-as t dir --target POOL
pool-create-as t dir --target POOL --build
pool-create-as t dir --target POOL
pool-create-as u dir --target POOL
pool-info t
pool-autostart t
pool-undefine t
pool-destroy t
pool-list --all
find-storage-pool-sources-as dir
pool-event --list""".splitlines()
