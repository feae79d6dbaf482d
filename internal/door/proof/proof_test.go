package proof_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"stamm/internal/door/proof"
	"stamm/internal/platform/clock"
	"stamm/internal/platform/i18n"
	"stamm/internal/record/consent"
)

func sample() *consent.Proof {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &consent.Proof{Customer: 7, Name: "Jörg Weiß (Łódź)", Made: at, Now: []consent.ProofNow{{Channel: consent.Email, Purpose: consent.Advertising, Status: consent.StatusGranted, Since: clock.NewDay(2026, 3, 1)}},
		Acts: []consent.ProofAct{{ID: 1, At: at, Recorded: at, Kind: consent.Confirmed, Channel: consent.Email, Purpose: consent.Advertising, Basis: consent.Consent,
			Address: "joerg@example.org", Text: "de-1", Source: consent.SourceSignUp, Mail: "<1@x>"}, {ID: 2, At: at, Recorded: at, Kind: consent.Objected, Purpose: consent.Advertising}},
		Texts: []consent.ProofText{{Version: "de-1", Language: "de", Text: strings.Repeat("Ja, ich möchte Angebote bekommen. ", 200)}},
		Uses:  []consent.ProofUse{{At: at, Entry: 1, Channel: consent.Phone, Subject: "Rückruf", Keep: clock.NewDay(2031, 3, 1)}}}
}

func TestTheProofIsAPDFInEveryLanguageAndTheSameEachTime(t *testing.T) {
	for _, lang := range i18n.Languages() {
		var first, second bytes.Buffer
		for _, out := range []*bytes.Buffer{&first, &second} {
			if err := proof.Write(out, i18n.For(lang, time.UTC), "Rösterei", sample()); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(first.Bytes(), []byte("%PDF-")) || first.Len() < 2000 {
			t.Errorf("%s: %d bytes", lang, first.Len())
		}
		if !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Errorf("%s: two proofs of the same differ", lang)
		}
	}
}
