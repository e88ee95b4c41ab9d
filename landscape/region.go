package landscape

import (
	"slices"
	"strings"
)

// region is a part of the world by the names that reports use.
type region struct {
	key, name string
	words     string
	countries string // ISO 3166-1 alpha-2
}

const (
	westEurope    = "AT BE CH DE FR GB IE LI LU MC NL"
	northEurope   = "DK EE FI IS LT LV NO SE"
	southEurope   = "AD AL BA CY ES GR HR IT ME MK MT PT RS SI SM VA XK"
	eastEurope    = "BG BY CZ HU MD PL RO RU SK UA"
	union         = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
	northAmerica  = "CA MX US"
	southAmerica  = "AR BO BR CL CO EC GY PE PY SR UY VE"
	midAmerica    = "BZ CR GT HN NI PA SV"
	caribbean     = "CU DO HT JM TT BS BB PR"
	middleEast    = "AE BH EG IL IQ IR JO KW LB OM PS QA SA SY TR YE"
	gulf          = "AE BH KW OM QA SA"
	centralAsia   = "KG KZ TJ TM UZ"
	southAsia     = "AF BD BT IN LK MV NP PK"
	southEastAsia = "BN ID KH LA MM MY PH SG TH TL VN"
	eastAsia      = "CN HK JP KP KR MN MO TW"
	oceania       = "AU FJ NZ PG"
	africa        = "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU MW MZ NA NE NG RW SC SD SL SN SO SS ST SZ TD TG TN TZ UG ZA ZM ZW"
	nato          = "AL BE BG CA CZ DE DK EE ES FI FR GB GR HR HU IS IT LT LU LV ME MK NL NO PL PT RO SE SI SK TR US"
)

var regions = []region{
	{"europe", "Europe", "europe,european,european countries", westEurope + " " + northEurope + " " + southEurope + " " + eastEurope},
	{"european-union", "the European Union", "european union,eu", union},
	{"western-europe", "Western Europe", "western europe,western european", westEurope},
	{"central-europe", "Central Europe", "central europe,central european", "AT CH CZ DE HU LI PL SI SK"},
	{"eastern-europe", "Eastern Europe", "eastern europe,eastern european", eastEurope},
	{"northern-europe", "Northern Europe", "northern europe,nordic,nordics,scandinavia,scandinavian", northEurope},
	{"baltics", "the Baltic states", "baltic,baltics,baltic states", "EE LT LV"},
	{"balkans", "the Balkans", "balkan,balkans", "AL BA BG GR HR ME MK RO RS SI XK"},
	{"north-america", "North America", "north america,north american", northAmerica},
	{"south-america", "South America", "south america,south american", southAmerica},
	{"central-america", "Central America", "central america,central american", midAmerica},
	{"latin-america", "Latin America", "latin america,latin american,latam", southAmerica + " " + midAmerica + " " + caribbean + " MX"},
	{"middle-east", "the Middle East", "middle east,middle eastern,mena", middleEast},
	{"gulf", "the Gulf states", "gulf states,persian gulf,gulf region,gcc", gulf},
	{"asia", "Asia", "asia,asian,asian countries", centralAsia + " " + southAsia + " " + southEastAsia + " " + eastAsia + " " + gulf},
	{"asia-pacific", "Asia-Pacific", "asia pacific,apac,pacific", southAsia + " " + southEastAsia + " " + eastAsia + " " + oceania},
	{"central-asia", "Central Asia", "central asia,central asian", centralAsia},
	{"south-asia", "South Asia", "south asia,south asian", southAsia},
	{"southeast-asia", "Southeast Asia", "southeast asia,south east asia,southeast asian,south east asian,asean", southEastAsia},
	{"east-asia", "East Asia", "east asia,east asian", eastAsia},
	{"oceania", "Oceania", "oceania", oceania},
	{"africa", "Africa", "africa,african", africa},
	{"north-africa", "North Africa", "north africa,north african,northern africa", "DZ EG LY MA SD TN"},
	{"nato", "NATO countries", "nato,nato countries,nato members", nato},
	{"west", "the West", "western countries,western governments,western organizations", westEurope + " " + northEurope + " AU CA ES IT NZ PT US"},
	{"former-soviet", "the former Soviet Union", "former soviet,cis,post soviet", "AM AZ BY EE GE KG KZ LT LV MD RU TJ TM UA UZ"},
	{worldwide, "the whole world", "worldwide,globally,global,around the world,across the world,across the globe,world", ""},
}

const worldwide = "worldwide"

func findRegion(key string) *region {
	i := slices.IndexFunc(regions, func(r region) bool { return r.key == key })
	if i < 0 {
		return nil
	}
	return &regions[i]
}

// holds says whether a place, an ISO code or the key of a region, holds a country.
func holds(place, country string) bool {
	if place == country {
		return true
	}
	r := findRegion(place)
	return r != nil && (r.key == worldwide || slices.Contains(strings.Fields(r.countries), country))
}
