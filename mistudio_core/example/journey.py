"""Stories of trains, hills and what lies behind them."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_TRAIN = Plot(
    openings=(
        "{Hero} had never been further than the end of the street, and now {he} had a ticket to {far} in {his} "
        "{clothes}.",
        "The night train to {far} stopped in {town} for one minute only, and {hero} had been ready for {few} hours.",
        "{A_hero} travelled alone for the first time, with a {luggage}, {few} sandwiches and a note from {elder}.",
    ),
    tries=(
        "{He} asked the conductor, who said that such a thing had not happened in {sum} years and went on punching "
        "holes.",
        "{He} walked through the whole train, past a {passenger} who snored, and {few} nuns who played cards.",
        "{He} looked out of the window. {Landscape} went by, then {landscape2}, and then {landscape} once more.",
        "{He} ate a sandwich, because that is always a beginning.",
        "A {passenger2} offered {him} a piece of {treat} and a long story, of which only the middle was about trains.",
    ),
    turns=(
        (
            "At the third station {he} felt for {his} ticket, and {his} pocket was empty except for a {gift}.",
            "The {passenger} sneezed, and out of the {passenger}'s hat came a small piece of pasteboard. \"I took it "
            'for a feather," the {passenger} said. "I beg your pardon."',
        ),
        (
            "Then the train stopped between two stations. On the rails stood a {animal}, and it did not want to go.",
            "Everybody shouted, whistled and waved a hat, but it was no use. {Hero} climbed down, sat on the rail "
            'beside it and asked where it wanted to go. "Then you must take the branch line," {he} told it, and it '
            "nodded and left.",
        ),
        (
            'When {he} woke, it was the wrong station. "{Town2}," said the sign, and the red lamps of the train went '
            "round the bend.",
            'On the bench in the waiting room sat {friend}, who had got out at the wrong station too. "I knew that I '
            'was right to be wrong," {fhe} {cried}.',
        ),
    ),
    endings=(
        "In {far} the sun was rising, quite slowly, as if it had just got off a train itself.",
        "{He} wrote it all on a postcard to {elder}, in such small letters that there was even room for the weather.",
        "When {he} came home again, the street was shorter than before, and all the nicer for it.",
    ),
)

_HILL = Plot(
    openings=(
        "From {town} one could see {few} hills, and {hero} and {friend} wanted to know what was behind the last one.",
        "{Hero} and {friend} packed a {luggage}, took leave of the {animal} and set out for the {goal}.",
        "One summer {elder} took {hero} along to the {goal}, which is {n} days from {town} if one does not dawdle.",
    ),
    tries=(
        "They went uphill the whole morning, past {landscape}, and {hero} carried the {luggage}. After lunch they "
        "carried it together.",
        "They asked the way of a {passenger}, who pointed in {few} directions, and of a {animal2}, who pointed in "
        "none.",
        "They slept in a barn, on hay that smelled of last year, and a {night_bird} read them its poems.",
        "They sang a marching song of {n} verses, and when they had finished they were no further, but more cheerful.",
        "It rained. It stopped. It rained again, from the other side.",
    ),
    turns=(
        (
            "On the second day they came to a gorge. There had been a bridge, and there would be one again, said a "
            "sign, in {month}.",
            "Down below {hero} found a rope, and above {friend} found a tree, and the rest was only knots. Neither "
            'of them looked down. "Now I know why people build bridges," said {friend}.',
        ),
        (
            "But behind the hill there was another hill, and behind that there was one that was even higher.",
            '"Turn round," said {elder}, who had come along behind on a donkey. And there lay {town}, no bigger than '
            "a {gift}, and all the way that they had come, like a {colour} thread.",
        ),
        (
            "At the crossroads the signpost had fallen over. It pointed to {far}, to {town2}, and straight down into "
            "the earth.",
            '"Where have we come from?" asked {friend}. "From {town}," said {hero}. "Then let us stand the post up '
            'so that the arm for {town} points there. The others will follow." And so they did.',
        ),
    ),
    endings=(
        "The {goal} was smaller than they had thought. They stayed for three days and could hardly tear themselves "
        "away.",
        "On the top they built a tower of stones, {k} of {hero}'s and {k} of {friend}'s, and it stands there still.",
        "They brought home a {gift}, {few} blisters, and a word in a foreign language that means both hello and "
        "enjoy your meal.",
    ),
)

JOURNEY = Theme(
    name="journey",
    words={
        "far": listed("""
            Grand Harbour, the capital, Silver Lake, Saint Florian, Cape Comfort, Blue Mountain, the seaside, Porto
            Vento, Great Kessel, Lindenburg, the Seven Bridges, Santa Rosalia, Old Samara, the Salt Islands, Northgate
        """),
        "town2": listed("Lower Muddle, Dry Ditch, Ganderby, Puddingstone, Upton Nowhere, Halfway, Little Snoring End"),
        "luggage": listed("suitcase, rucksack, hatbox, trunk, carpet bag, picnic basket, duffel bag, birdcage, bundle"),
        "passenger": listed("""
            colonel, retired clown, violin teacher, bishop, chess champion, travelling salesman, ballerina, mapmaker,
            opera singer, geologist, cheese inspector, lighthouse keeper, hat maker, poet, mountaineer, diplomat
        """),
        "landscape": listed("""
            a windmill, a row of poplars, a castle on a hill, a flock of sheep, a brickworks, a river with barges, a
            vineyard, a field of cabbages, a church with two towers, a chain of lakes, a canal, a quarry, a viaduct, a
            meadow full of storks, a haystack, a racecourse
        """),
        "goal": listed("""
            source of the river, glass mountain, great waterfall, edge of the map, valley of echoes, winter palace,
            crater lake, northern lighthouse, hermit's cave, botanical garden, ice cave, highest inn, stone giant
        """),
        "night_bird": listed("nightingale, barn owl, nightjar, cricket, corncrake, cuckoo, tawny owl, tree frog"),
    },
    plots=(_TRAIN, _HILL),
    tiny=(
        "{Hero} packed a {luggage} for the journey: a {gift}, some {treat} and {few} pairs of socks. Then {he} sat "
        "down on it and was so comfortable that {he} stayed.",
        '"A ticket to {far}, please," said {hero}. "Single or return?" asked the man. {Hero} thought of the '
        '{animal}, of {elder}, and of {treat}. "Return," {he} said quickly.',
        "The {passenger} and the {passenger2} had shared a bench for {n} miles without a word. Then they went past "
        '{landscape}, and both said "Oh!" After that they did not stop talking until {far}.',
        'Each year {hero} gets a card from {far}. It is from {friend}, and there is only one sentence on it: "Nearly '
        'there." {Hero} has got {n} of them now, in a row on the wall.',
        '{Hero} and {friend} went {k} miles on {weekday} and {rest} miles the day after. "That makes {n}," said '
        '{hero}. "And how many are left?" asked {friend}. "All the nice ones," said {hero}.',
    ),
)
