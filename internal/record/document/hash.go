package document

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
)

// referenceKey is a number below zero, and thus no customer's, for a document's number in its source.
func referenceKey(source int64, externalID string) int64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", source, externalID))
	return -1 - int64(binary.LittleEndian.Uint64(sum[:])>>1)
}

// hashOf is a number for the content of a document as it was given, by which an unchanged one is recognised.
func hashOf(d *Document) int64 {
	c := *d
	c.ID, c.MadeRun, c.Run, c.Hash = 0, 0, 0, 0
	text, err := json.Marshal(c)
	if err != nil {
		panic("document: a document is always JSON: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return int64(binary.LittleEndian.Uint64(sum[:]))
}
