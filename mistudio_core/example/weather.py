"""Stories of wind, snow and rain."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_STORM = Plot(
    openings=(
        "The {season} that {hero} turned {age} was the {windy} one in the memory of {town}.",
        "{A_hero} was friends with the wind. At least, that was what {he} said, and nobody in {town} could prove "
        "otherwise.",
        "On the roof of the town hall in {town} there was a {colour} weathercock, and {hero} was the only person who "
        "ever greeted it.",
    ),
    tries=(
        "{Hero} {ran} across {few} gardens, a duck pond and somebody's picnic, and still the wind was there first.",
        '{He} closed the shutters, and the wind opened them. {He} closed them again and said "please".',
        "{He} put on {his} {clothes}, {his} {hat} and {elder}'s boots, but still the rain found its way to {his} toes.",
        "{Friend} tied a rope round the {windy_thing2} and {fhimself}, and for a moment both of them flapped like "
        "flags.",
        "They counted between the lightning and the thunder: {few}, and then {few}, and then there was no time to "
        "count.",
    ),
    turns=(
        (
            "Then the wind came round the corner like a {wild}. It took {few} hats, {elder}'s washing and the "
            "{windy_thing} off the market hall.",
            '"You can\'t shout at the wind," said {elder}. "You have to find out what it wants." So {hero} held up '
            "{his} {gift}, and the wind played with it like a kitten.",
        ),
        (
            "The clouds piled up, {colour} at the bottom and black at the top, and the first thunder rolled over the "
            "roofs like {barrel_many} down a stair.",
            "In the middle of it all {hero} heard a thin crying. On the ledge sat a {storm_animal}, too frightened "
            "to move. {He} forgot that {he} was afraid and went out.",
        ),
        (
            "{Hero}'s kite, a {kite} with a long tail, stood high above the hill when suddenly the string snapped. "
            "Up it went, over the church, over the {windy_thing}, and got smaller and smaller.",
            "Then, just as suddenly, it grew still. A single beam of sunlight fell onto {town} like a finger that "
            "points to something, and down the beam, quite slowly, came what the wind had taken.",
        ),
    ),
    endings=(
        "Afterwards every puddle had a piece of the sky in it, and {hero} and {friend} jumped into each one.",
        "A rainbow stood over the river, so close that {friend} claimed to have touched it, and {fhis} finger really "
        "was a bit {colour}.",
        "The next day people found their things in the strangest places: the {windy_thing} in a pear tree, and {few} "
        "hats on the cows.",
    ),
)

_SNOW = Plot(
    openings=(
        "It had never snowed in {town}. So when {hero} opened the curtains that morning, {he} thought that somebody "
        "had rubbed out the street.",
        "In the winter when the river froze, {hero} and {friend} walked to school on the ice, hand in hand.",
        "The first snow of the year fell on {town} in the night, and {hero} was out before anybody else had stepped "
        "in it.",
    ),
    tries=(
        "{Hero} took the {snow_tool} and worked until {his} nose was as red as a lamp, and when {he} looked round, "
        "everything was just as before.",
        "{He} wrapped {himself} in {few} blankets, in order to think better, and very nearly fell asleep.",
        "{Friend} lit a candle and drew a plan with {few} arrows, of which the last pointed to the bakery, just for "
        "fun.",
        "They asked the {animal}, who had seen many winters, but it only turned round once and lay down again.",
    ),
    turns=(
        (
            "It snowed for {few} days. First the fences vanished, then the doors, and on {weekday} only the chimneys "
            "looked out.",
            'Then a window opened in the roof across the way. "Hello there!" {cried} {friend}, with a sledge on '
            '{fhis} back. "Anybody want to visit me through the chimney?"',
        ),
        (
            "But that night it grew so cold that the milk froze in the jug, and the wood in the shed was almost used "
            "up.",
            "So they all moved into one kitchen: {hero}, {friend}, {elder}, the {animal} and {few} neighbours with "
            "their quilts. Each brought one log, and one log each was plenty.",
        ),
        (
            "{Hero} built a snowman with a {snow_nose} for a nose. It was the best that {he} had ever made. But on "
            'the first mild day a drop ran down the {snow_nose}. "I\'m melting," the snowman said, quite calmly.',
            '"Everything that goes comes back with another face," {said} {elder}. "Snow goes to the brook, the brook '
            'goes to the sea, and the sea sends clouds." {Hero} told the snowman, and the snowman {smiled} with all '
            "its pebbles.",
        ),
    ),
    endings=(
        "By the evening people who had not talked for years stood together in the snow and shook hands.",
        "In summer, when it was very hot, {hero} found a small patch of snow on the north side of the hill and took "
        "off {his} {hat} to it.",
        "And when the thaw came, the whole of {town} was almost sorry, and the children most of all.",
    ),
)

WEATHER = Theme(
    name="weather",
    words={
        "season": listed("spring, summer, autumn, winter"),
        "age": listed("five, six, seven, eight, nine, ten, eleven"),
        "windy": listed("windiest, wettest, stormiest, greyest, wildest, muddiest, rainiest, noisiest"),
        "kite": listed("dragon, fish, swallow, crocodile, crescent moon, butterfly, comet, peacock, pirate ship"),
        "wild": listed("runaway horse, hungry lion, pack of dogs, brass band, steam engine, herd of bulls, lost bear"),
        "windy_thing": listed("""
            weathercock, clothes line, shop sign, garden gate, parasol, barber's pole, birdcage, flagpole, bandstand,
            tent, letter box, rocking chair, washtub, bean poles
        """),
        "barrel_many": listed("barrels, drums, cannonballs, pumpkins, empty buckets, bowling balls, cartwheels"),
        "storm_animal": listed("kitten, squirrel, young swallow, blackbird, pigeon, lamb, small bat, owlet, puppy"),
        "snow_nose": listed("carrot, parsnip, cork, clothes peg, red pepper, icicle, thimble, pine cone, gherkin"),
        "snow_tool": listed("shovel, sledge, broom, baking tray, toboggan, coal scuttle, dustpan, wheelbarrow"),
    },
    plots=(_STORM, _SNOW),
    tiny=(
        "A cloud came down to drink from the {animal}'s trough. {Hero} stroked it. It felt like {few} wet sheep, and "
        "it followed {him} all the way home.",
        '"It is going to rain," {said} {elder} every day. One {weekday} it did. "What did I tell you?" {ehe} {said}, '
        "very pleased, and opened a {colour} umbrella.",
        "The wind stole {hero}'s {hat} and gave it to the {animal}. It suited the {animal} so well that {hero} went "
        "home without it, {glad} all the same.",
        "{Hero} and {friend} made {n} snowballs and threw {k}. The other {rest} they kept in the cellar, for August. "
        "In August they found a puddle, and threw that.",
        'The kite pulled, and {hero} held on. "What do you see up there?" {he} {cried}. The string hummed. It was a '
        "long story, and {he} understood nearly half.",
    ),
)
