"""Stories of boats, lighthouses and what the tide brings."""

from __future__ import annotations

from mistudio_core.example.plot import Plot, Theme, listed

_BOAT = Plot(
    openings=(
        "{A_hero} had a {small} {boat} called the {boat_name}, painted {colour} on one side and {colour} on the other.",
        "In the harbour of {town}, between {n} big ships, lay a {boat} that belonged to {hero}.",
        "{Hero} had built a {boat} out of {few} barrels, a {old} door and a tablecloth, and {he} named it the "
        "{boat_name}.",
    ),
    tries=(
        "{He} rowed with a {oar} until {his} hands were sore, but the current pushed {him} back as gently as a mother.",
        '"Hello!" {he} {cried}. "Hello," answered the rocks, which was polite of them, but no help.',
        "{He} threw out the anchor. The rope was too short, and the anchor swung to and fro like the pendulum of a "
        "clock.",
        "{He} looked at the chart, but the {animal} had once slept on it, and half of the islands had been rubbed "
        "away.",
        "{He} counted what was left: {few} biscuits, a bottle of water, and a {gift}.",
    ),
    turns=(
        (
            "One {weekday} {he} sailed past the {rock}, and a fog came up so thick that {he} could not see {his} own "
            "hands.",
            "Then {he} heard a bell. {Friend} stood at the end of the pier in {fhis} nightshirt and rang and rang, "
            "and {hero} steered by the sound.",
        ),
        (
            "Far out, where the water turns from green to {colour}, a {fish} as long as the street rose up beside "
            "{him}, and the wave that it made carried off the rudder.",
            "The {fish} blew a fountain into the air and gave the {boat} a push with its nose, and then another, all "
            "the way home.",
        ),
        (
            "In the middle of the bay the wind fell asleep. The sail hung down like washing, and the shore was {n} "
            "miles away.",
            "{Elder} had taught {him} to wait for the tide. So {he} waited, and sang all the songs that {he} knew, "
            "and the tide came and carried {him} in.",
        ),
    ),
    endings=(
        "On the quay stood half of {town} with lanterns and blankets, and somebody put a cup of {drink} into {his} "
        "hands.",
        "Since then a bell has hung at the end of the pier, and whoever passes it gives it one pull, just in case.",
        '{He} tied up the {boat_name}, patted her on the side and {said}, "Tomorrow we will go a little less far."',
    ),
)

_BEACH = Plot(
    openings=(
        "After every storm {hero} and {friend} went down to the beach at {town} to see what the sea had left there.",
        "{A_hero} lived in the lighthouse, up {sum} steps, with {elder} and a {animal}.",
        "At low tide {hero} and {friend} walked along the sand, each with a bucket, and each with one eye on the "
        "waves.",
    ),
    tries=(
        "They asked the fishermen, who shrugged. They asked the gulls, who laughed.",
        "They ran along the {sea_place} and back again, and all that they got out of it was wet feet.",
        "{He} searched the {sea_place} from top to bottom and found {few} {shell_many}, a {gift} and a crab with "
        "strong opinions.",
        "{Friend} went for {elder}, running so fast that the foam flew up behind {fhim}.",
        "They wrote a message, put it into a bottle, and watched it bob away in the wrong direction.",
    ),
    turns=(
        (
            'That morning there lay a {treasure} among the seaweed, and there was a note in it: "Please give this '
            'back to its owner."',
            "Then {hero} turned the {treasure} over once more and saw that something was scratched into it. It was a "
            'name, and the name was {elder_name}. "I lost that when I was as small as you," said {elder}, and had to '
            "sit down.",
        ),
        (
            "Near the {rock} they found a young {sea_animal}, tangled in a {colour} net, that {looked} at them with "
            "large dark eyes.",
            '{Elder} came with a {sea_tool}. "Slowly," {ehe} said. "The sea is in no hurry, and we needn\'t be '
            'either."',
        ),
        (
            "That evening the lamp went out. Out at sea a ship was coming home, and in {few} hours it would be dark.",
            "All the children of {town} came down with candles in jars. They stood in a row along the {sea_place}, "
            "{n} little lights, and held them up high.",
        ),
    ),
    endings=(
        "Afterwards a wave ran up to {hero}'s toes, left a {shell} there, and went away again without a word.",
        "The next day there was a whole heap of {shell_many} at {hero}'s door, wet and shining, and nobody ever "
        "learned who had brought them.",
        "Far out something splashed {few} times. {Hero} was sure that it meant thank you.",
    ),
)

SEA = Theme(
    name="sea",
    words={
        "boat": listed(
            "rowing boat, dinghy, canoe, raft, sailing boat, fishing boat, tub, barge, punt, skiff, tugboat"
        ),
        "boat_name": listed("""
            Merry Herring, Salty Duchess, Evening Star, Brave Sardine, Lucky Penny, Blue Heron, Patient Lobster,
            Morning Glory, Little Whale, Silver Gull, Swift Turtle, Polka Dot, Good Intention, Second Chance
        """),
        "rock": listed("Lobster Rock, sandbank, lighthouse, old wreck, Seal Island, breakwater, Cat's Teeth, headland"),
        "fish": listed("whale, sturgeon, porpoise, sea serpent, dolphin, tuna, swordfish, manta ray, basking shark"),
        "oar": listed("broken oar, soup ladle, plank, broom, paddle, frying pan, cricket bat, wooden tray"),
        "drink": listed("cocoa, hot broth, ginger tea, warm milk, blackcurrant tea, mulled juice, barley soup"),
        "treasure": listed("""
            brass telescope, wooden chest, silver flute, sailor's diary, glass bottle, ship's compass, iron key,
            wedding ring, violin case, golden locket, leather suitcase, captain's pipe
        """),
        "sea_animal": listed("seal, turtle, dolphin, octopus, pelican, puffin, sea otter, penguin, cormorant"),
        "sea_place": listed("beach, cliff, harbour, pier, dunes, shore, rock pools, jetty, promenade, cove"),
        "sea_tool": listed("lantern, fishing knife, long rope, wheelbarrow, boathook, tin of oil, pair of scissors"),
        "shell": listed("shell, starfish, pebble, pearl, piece of amber, sea urchin, cowrie, scallop, bit of coral"),
        "shell_many": listed("mussels, shells, oysters, cockles, pebbles, starfish, sea snails, driftwood sticks"),
    },
    plots=(_BOAT, _BEACH),
    tiny=(
        "{Hero} wrote a letter to the sea and threw it in. The next day a wave brought it back, with a {shell} on "
        'top. "It has answered," {he} told {friend}.',
        "The {boat_name} was the slowest {boat} in {town}. But when all the fast ones had gone home in the rain, she "
        "was still out there, and she alone saw the {fish}.",
        '"Is the sea bigger than {town}?" asked {hero}. "A little," said {elder}, who had sailed it for {sum} years '
        "and did not like to boast.",
        "{Hero} collected {n} {shell_many}, and {friend} collected {k}. They laid all {sum} in a circle, sat down "
        "inside it and called it a castle.",
        "A {sea_animal} sat down next to {hero} on the {sea_place}. Neither said anything. When the sun had set they "
        "nodded to each other and went home.",
    ),
)
