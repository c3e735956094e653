// Package powercut cuts the power of file systems while cachefile writes a file, or a folder of sealed files, to them.
//
// The kernel's own ext4, xfs and btrfs are mounted from a loop device whose disk is a file of this
// program (FUSE). So the program sees each write that the file system sends to the disk, and each flush. A
// cut at any moment is then a disk that has every write before the last flush, and of those after it
// all, none, some, or the half of one: what a disk with a volatile cache may have. The
// file system is mounted from that disk, which replays its journal, and the cache is read.
//
// The test has the build tag powercut, because it needs Linux, root, loop devices and FUSE:
//
//	make powercut
//	make powercut POWERCUT_CUTS=12 # of each file system, instead of 60: what .ci/run does
//
// It runs in a mount namespace of its own, and loop devices are freed with what is mounted from them: nothing is
// left when it fails or is interrupted.
package powercut
