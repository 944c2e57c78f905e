"""Conversations of every shape that datasets hold them in: messages, tools, documents."""

from __future__ import annotations

from typing import Any, Final

Talk = dict[str, Any]

USER: Final = {"role": "user", "content": "Which is larger, 9.11 or 9.8?"}
ANSWER: Final = {"role": "assistant", "content": "9.8 is larger."}
SYSTEM: Final = {"role": "system", "content": " Answer briefly. /no_think\n"}
TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "tell the weather of a place",
            "parameters": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "description": "Größe <b>&amp;</b> 东京"},
                    "days": {"type": "array", "items": {"type": "integer"}},
                    "unit": {"type": "string", "enum": ["C", "F"]},
                    "exact": {"type": ["boolean", "integer"]},
                },
                "required": ["place"],
            },
        },
    },
    {"type": "function", "function": {"name": "now", "parameters": {"type": "object", "properties": {}}}},
]
DOCUMENTS: Final = [{"title": "Rain", "text": "It rains."}, {"title": "Sun", "text": "日が照る"}]


def _call(arguments: Any, **more: Any) -> dict[str, Any]:
    function = {"name": "weather", "arguments": arguments}
    return {"role": "assistant", "tool_calls": [{"id": "abcdefghi", "type": "function", "function": function}]} | more


_RESULT: Final = {"role": "tool", "name": "weather", "tool_call_id": "abcdefghi", "content": '{"celsius": 21.5}'}
_THOUGHT: Final = {"role": "assistant", "content": "<think>\nhm, 9.80\n</think>\n\n9.8"}
_PARTS: Final = [{"type": "text", "text": "What is "}, {"type": "image"}, {"type": "text", "text": "this? 🙂"}]

TALKS: Final[dict[str, Talk]] = {
    name: {"messages": messages, "tools": None, "documents": None}
    for name, messages in {
        "one_turn": [USER],
        "two_turns": [USER, ANSWER],
        "system": [SYSTEM, USER, ANSWER],
        "system_alone": [SYSTEM],
        "two_systems": [SYSTEM, SYSTEM, USER, ANSWER],
        "assistant_first": [ANSWER, USER],
        "long": [USER, ANSWER, USER, ANSWER, USER, ANSWER, USER, ANSWER],
        "user_twice": [USER, USER, ANSWER],
        "empty_contents": [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}],
        "null_content": [USER, {"role": "assistant", "content": None}, USER],
        "no_content": [USER, {"role": "assistant"}],
        "no_role": [{"content": "who says this?"}],
        "unicode": [
            {"role": "user", "content": "नमस्ते \u200d é \u202e 𝔘 🏳️‍🌈\r\n\ttab"},
            {"role": "assistant", "content": "  空格 <script>alert('x')</script> {{ no }} {% template %}  "},
        ],
        "control_tokens": [{"role": "user", "content": "<bos>what is <eos> or <|im_end|>?"}, ANSWER],
        "extra_keys": [USER | {"name": "Ada", "weight": 1}, ANSWER | {"score": 0.5, "flags": [True, None]}],
        "unknown_role": [USER, {"role": "narrator", "content": "A door opens."}, ANSWER],
        "reasoning": [USER, ANSWER | {"reasoning_content": "\nhm, 9.80 > 9.11\n"}],
        "reasoning_otherwise": [USER, ANSWER | {"reasoning": "hm"}, USER, ANSWER | {"thinking": "hm, again"}],
        "thoughts_in_text": [USER, _THOUGHT, USER, _THOUGHT],
        "parts": [{"role": "user", "content": _PARTS}, {"role": "assistant", "content": [_PARTS[0]]}],
        "system_in_parts": [{"role": "system", "content": [_PARTS[0]]}, {"role": "user", "content": [_PARTS[2]]}],
        "called": [USER, _call({"place": "東京", "days": [1, 2], "unit": None}), _RESULT, ANSWER],
        "called_with_text": [USER, _call('{"place": "Rome"}', content="I look."), _RESULT, _RESULT, ANSWER],
        "called_last": [SYSTEM, USER, _call({}, content=None, reasoning_content="I ask.")],
        "two_calls": [USER, {"role": "assistant", "tool_calls": _call({"a": 1})["tool_calls"] * 2}, _RESULT],
        "result_first": [_RESULT, USER],
        "tools_in_system": [SYSTEM | {"tools": "[weather]"}, USER, ANSWER],
    }.items()
}
TALKS |= {
    "tools": {"messages": [USER, ANSWER], "tools": TOOLS, "documents": None},
    "tools_called": {"messages": TALKS["called"]["messages"], "tools": TOOLS, "documents": None},
    "no_tools": {"messages": [USER, ANSWER], "tools": [], "documents": []},
    "documents": {"messages": [SYSTEM, USER, ANSWER], "tools": None, "documents": DOCUMENTS},
    "documents_untitled": {"messages": [USER], "tools": TOOLS[1:], "documents": [{"text": "bare"}]},
}
