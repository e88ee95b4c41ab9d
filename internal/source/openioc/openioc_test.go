package openioc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vedette-soc/vedette/internal/collect"
	"github.com/vedette-soc/vedette/internal/source/openioc"
	"github.com/vedette-soc/vedette/internal/source/sourcetest"
)

const document = `<?xml version="1.0" encoding="utf-8"?>
<ioc xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="6d2a1b03" last-modified="2026-01-02T03:04:05" xmlns="http://schemas.mandiant.com/2010/ioc">
  <short_description>Grey Heron loader</short_description>
  <definition><Indicator operator="OR" id="a">
    <IndicatorItem id="1" condition="is"><Context document="FileItem" search="FileItem/Md5sum" type="mir"/><Content type="md5">d41d8cd98f00b204e9800998ecf8427e</Content></IndicatorItem>
    <IndicatorItem id="2" condition="contains"><Context document="Network" search="Network/DNS" type="mir"/><Content type="string">bad.example</Content></IndicatorItem>
    <IndicatorItem id="3" condition="is"><Context document="PortItem" search="PortItem/remoteIP" type="mir"/><Content type="IP">203.0.113.7</Content></IndicatorItem>
    <IndicatorItem id="4" condition="contains"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">svch</Content></IndicatorItem>
    <IndicatorItem id="5" condition="isnot"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">ok.exe</Content></IndicatorItem>
    <Indicator operator="AND" id="b">
      <IndicatorItem id="6" condition="is"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">x.exe</Content></IndicatorItem>
      <IndicatorItem id="7" condition="is"><Context document="FileItem" search="FileItem/SizeInBytes" type="mir"/><Content type="int">5</Content></IndicatorItem>
    </Indicator>
    <IndicatorItem id="8" condition="is"><Context document="FileItem" search="FileItem/FileName" type="mir"/><Content type="string">heron.exe</Content></IndicatorItem>
  </Indicator></definition>
</ioc>`

var drops = map[string]int{"condition-contains": 1, "negated": 1, "part-of-and": 1, "term:FileItem": 1}

func TestConformance(t *testing.T) {
	sourcetest.Run(t, sourcetest.Case{Parser: openioc.Parser{}, Name: "heron.ioc", Good: document, Claims: 4, Drops: drops, Wrong: "1.2.3.4\n"})
}

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, openioc.Parser{}, collect.Options{}, document) }

func TestClaims(t *testing.T) {
	var s sourcetest.Sink
	if err := (openioc.Parser{}).Parse(t.Context(), collect.Input{Name: "heron.ioc", Reader: strings.NewReader(document)}, &s); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range s.Claims {
		got = append(got, fmt.Sprintf("%s %s %s line %d, %s", c.Type, c.Raw, c.ExternalID, c.Line, c.Comment))
	}
	want := []string{
		"file:md5 d41d8cd98f00b204e9800998ecf8427e 1 line 5, Grey Heron loader", "domain-name bad.example 2 line 6, Grey Heron loader",
		" 203.0.113.7 3 line 7, Grey Heron loader", "file:name heron.exe 8 line 14, Grey Heron loader",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
